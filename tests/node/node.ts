/**
 * A real Kubernetes node on this machine: kubelet, containerd, runc and the rest in namespaces of their own.
 *
 * What is not a cluster's: no DNS server, the control plane on the node itself, and images from archives.
 *
 * @module
 */
import { createPki, type KeyPair } from "../kube/pki.ts";
import { type Finished, run, type RunOptions, sleep, waitUntil } from "../support/processes.ts";
import { nodeImages } from "./images.ts";
import { nodePrograms } from "./programs.ts";
import { CGROUP, nodeFiles, type NodeSpec } from "./spec.ts";

const CGROUPS = "/sys/fs/cgroup";
const IP = "192.168.77.2";

/** A running node; it and everything in it goes when it is disposed of. */
export class TestNode implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #said = "";

  private constructor(readonly spec: NodeSpec, child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read();
  }

  /**
   * Builds what is needed, and starts it; returns when pods can be made.
   *
   * @param components repositories of the images that are imported, by component
   */
  static async start(components: Readonly<Record<string, string>>): Promise<TestNode> {
    const programs = await nodePrograms();
    const dir = await Deno.makeTempDir({ dir: "/root", prefix: ".kuma-test-node-" });
    const name = "node1";
    const images = await nodeImages(`${dir}/images`, components, programs.standin);
    const spec: NodeSpec = {
      dir,
      name,
      ip: IP,
      podSubnets: ["10.244.0.0/24", "fd00:244::/64"],
      programs,
      images,
      patienceMs: 180_000,
    };
    await writePki(spec);
    const at = nodeFiles(dir);
    await Deno.writeTextFile(at.spec, JSON.stringify(spec));
    const child = new Deno.Command("unshare", {
      args: [
        ...["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"],
        ...["--mount-proc", "--propagation", "private"],
        ...[programs.standin, "init", Deno.execPath(), "run", "-A", "--no-check"],
        ...[new URL("./inside/main.ts", import.meta.url).pathname, at.spec],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const node = new TestNode(spec, child);
    try {
      await waitUntil("the node is ready", () => node.#isReady(), { timeoutMs: 300_000 });
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The steps of the start with their seconds, and what ended since. */
  get said(): string {
    return this.#said;
  }

  /** Runs a program within the node's namespaces. */
  async run(program: string, args: readonly string[], options?: RunOptions): Promise<Finished> {
    return await run("nsenter", [...await this.#entry(), program, ...args], options);
  }

  /** Runs kubectl as the administrator; any exit code is a result. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<Finished> {
    const { dir, programs } = this.spec;
    const kubeconfig = nodeFiles(dir).kubeconfig("admin");
    return this.run(programs.kubectl, ["--kubeconfig", kubeconfig, ...args], options);
  }

  /** Runs kubectl, which must succeed; its standard output. */
  async must(args: readonly string[], options?: RunOptions): Promise<string> {
    const done = await this.kubectl(args, options);
    if (done.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  /** Applies manifests (YAML or JSON text) as a person would. */
  async apply(manifests: string): Promise<string> {
    return await this.must(["apply", "--validate=strict", "-f", "-"], { stdin: manifests });
  }

  /** Waits for something of the cluster; where it does not come, pods and Events are in the error. */
  async until(what: string, probe: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
    try {
      await waitUntil(what, probe, { timeoutMs, intervalMs: 300 });
    } catch (cause) {
      const pods = await this.kubectl(["get", "pods,nodes,ds,deploy", "-A", "-o", "wide"]);
      const events = await this.kubectl(["get", "events", "-A", "--sort-by=.lastTimestamp"]);
      const tail = events.stdout.split("\n").slice(-25).join("\n");
      throw new Error(`${what}, in vain\n${pods.stdout}\n${tail}`, { cause });
    }
  }

  async #isReady(): Promise<boolean> {
    const ended = await Promise.race([this.#child.status, sleep(0)]);
    if (ended !== undefined) throw new Error(`The node ended: ${this.#said}`);
    return /^\S+ s ready$/m.test(this.#said);
  }

  async #entry(): Promise<string[]> {
    const { pid } = this.#child;
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return ["-t", children.trim(), "-n", "-m", "-p", "-u", "-i", "--"];
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child.status;
    await this.#child.stdin.close().catch(() => {});
    await this.#reading;
    await waitUntil("the node's cgroups are gone", removeCgroups, { intervalMs: 200 });
    await Deno.remove(this.spec.dir, { recursive: true });
  }
}

/** Whether nothing is left of the node's groups; one that has a process still cannot go yet. */
async function removeCgroups(): Promise<boolean> {
  let left = false;
  for await (const { name, isDirectory } of Deno.readDir(CGROUPS)) {
    const group = `${CGROUPS}/${name}/${CGROUP}`;
    if (!isDirectory || !await isThere(group)) continue;
    await run("find", [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
    left ||= await isThere(group);
  }
  return !left;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function writePki({ dir, name, ip }: NodeSpec): Promise<void> {
  const { pki: at, kubeconfig } = nodeFiles(dir);
  const pki = await createPki({
    addresses: [ip],
    clients: {
      kubelet: `CN=system:node:${name}, O=system:nodes`,
      "controller-manager": "CN=system:kube-controller-manager",
      scheduler: "CN=system:kube-scheduler",
    },
  });
  await Deno.mkdir(at);
  const write = (file: string, text: string) =>
    Deno.writeTextFile(`${at}/${file}`, `${text.trim()}\n`, { mode: 0o600 });
  await write("ca.crt", pki.caPem);
  await write("service-accounts.key", pki.serviceAccounts.privateKey);
  await write("service-accounts.pub", pki.serviceAccounts.publicKey);
  const pairs: Record<string, KeyPair> = { server: pki.server, admin: pki.admin, ...pki.clients };
  for (const [who, { key, certificate }] of Object.entries(pairs)) {
    await write(`${who}.key`, key);
    await write(`${who}.crt`, certificate);
    await Deno.writeTextFile(
      kubeconfig(who),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{
          name: "node",
          cluster: { server: "https://127.0.0.1:6443", "certificate-authority": `${at}/ca.crt` },
        }],
        users: [{
          name: who,
          user: { "client-certificate": `${at}/${who}.crt`, "client-key": `${at}/${who}.key` },
        }],
        contexts: [{ name: "node", context: { cluster: "node", user: who } }],
        "current-context": "node",
      }),
      { mode: 0o600 },
    );
  }
}
