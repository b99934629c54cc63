/**
 * A machine of its own for one test, as far as kumactl can tell: network, firewall, /run (journal, xtables
 * lock) and the files of /etc that it reads.
 *
 * @module
 */
import { FAMILIES } from "core/proxy/resolved.ts";
import { Place } from "tests/kernel/namespace.ts";
import { kumactlPath, PASSWD } from "tests/kernel/kumactl.ts";
import { type Finished, must, type RunOptions, waitUntil } from "tests/support/processes.ts";

/** A listed table whose every chain is built in, accepts, and has no rule. */
const EMPTY_TABLE = /^\*\w+\n(?::\w+ ACCEPT .*\n)*COMMIT\n?/gm;

/** How a machine is made. */
export interface MachineOptions {
  /** Text by path, bound over files that exist. */
  readonly files?: Readonly<Record<string, string>>;
  /** Without an IPv6 address beside `::1`, kumactl leaves IPv6 alone. Default true. */
  readonly ipv6?: boolean;
}

/** The machine; its processes and everything else of it go when it is disposed of. */
export class Machine extends Place implements AsyncDisposable {
  override readonly entry: readonly [string, ...string[]];
  /** A folder of the test's own, the same inside and outside. */
  readonly folder: string;
  readonly #holder: Deno.ChildProcess;

  private constructor(holder: Deno.ChildProcess, folder: string) {
    super();
    this.#holder = holder;
    this.folder = folder;
    this.entry = ["nsenter", `--target=${holder.pid}`, "--mount", "--net", "--"];
  }

  /** Makes a machine with two users beside root: app (1000) and kuma-dp (5678). */
  static async create(options: MachineOptions = {}): Promise<Machine> {
    const holder = new Deno.Command("unshare", {
      args: ["--mount", "--net", "--propagation", "private", "sleep", "infinity"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ours = Deno.readLinkSync("/proc/self/ns/net");
    await waitUntil("a machine's namespaces", () => {
      const { pid } = holder;
      return Deno.readLinkSync(`/proc/${pid}/ns/net`) !== ours &&
        Deno.readTextFileSync(`/proc/${pid}/comm`) === "sleep\n";
    }, { intervalMs: 2 });
    const machine = new Machine(holder, await Deno.makeTempDir({ prefix: "kuma-machine-" }));
    await machine.must("mount", "-t", "tmpfs", "none", "/run");
    await machine.putFiles({ "/etc/passwd": PASSWD, ...options.files });
    await machine.must("ip", "link", "set", "lo", "up");
    if (options.ipv6 ?? true) {
      await machine.must("ip", "address", "add", "fd99::1/128", "dev", "lo", "nodad");
    }
    return machine;
  }

  /** Gives existing files another text, on this machine alone. */
  async putFiles(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const copy = `${this.folder}/${path.replaceAll("/", "_")}`;
      await Deno.writeTextFile(copy, text);
      await this.must("mount", "--bind", copy, await Deno.realPath(path));
    }
  }

  /** Writes a program into the machine's folder; gives its path. */
  async putProgram(name: string, text: string): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o755);
    return path;
  }

  /** A process that lives as long as the machine. */
  get pid(): number {
    return this.#holder.pid;
  }

  /** Runs the compiled kumactl; any exit code is a result. */
  kumactl(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.run(kumactlPath(), args, options);
  }

  /** Runs kumactl, which must succeed. Throws an `Error` with its words. */
  kumactlMust(...args: string[]): Promise<string> {
    return this.must(kumactlPath(), ...args);
  }

  /** Starts kumactl and does not wait for it. The child's number is that of kumactl itself. */
  start(args: readonly string[]): Deno.ChildProcess {
    const [program, ...rest] = this.entry;
    return new Deno.Command(program, {
      args: [...rest, kumactlPath(), ...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /**
   * Everything that both flavours list for both families: the whole firewall as one text. Legacy tables
   * that hold nothing are left out: the kernel keeps a table, once used, until its namespace ends.
   */
  async firewall(): Promise<string> {
    const parts: string[] = [];
    for (const family of FAMILIES) {
      parts.push(`== nft ${family}`, await this.save("nft", family));
      const legacy = await this.save("legacy", family);
      parts.push(`== legacy ${family}`, legacy.replace(EMPTY_TABLE, ""));
    }
    return parts.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
    await must("rm", ["-rf", this.folder]);
  }
}

/** `install transparent-proxy` with more arguments behind. */
export function install(...args: string[]): string[] {
  return ["install", "transparent-proxy", ...args];
}

/** `uninstall transparent-proxy` with more arguments behind. */
export function uninstall(...args: string[]): string[] {
  return ["uninstall", "transparent-proxy", ...args];
}

/** The flavour of iptables that a machine with rules of this flavour alone is taken to use. */
export const HOST_RULES = "*mangle\n:HOST_RULES - [0:0]\n-A POSTROUTING -j HOST_RULES\nCOMMIT\n";

/** The rules of a Kubernetes node with Docker on it, one of them looking like ours and not being it. */
export const BUSY_HOST = `*nat
:DOCKER - [0:0]
:DOCKER_OUTPUT - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -p udp -m udp --dport 53 -m owner --uid-owner 1000 -j DOCKER_OUTPUT
-A OUTPUT -p tcp -m comment --comment "it\\'s \\"odd\\" -j KUMA_MESH_INBOUND" -j KUBE-SERVICES
-A POSTROUTING -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER_OUTPUT -p udp -m udp --dport 53 -j REDIRECT --to-ports 40001
COMMIT
*raw
-A PREROUTING -i docker0 -j ACCEPT
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A INPUT -i lo -j ACCEPT
COMMIT
`;
