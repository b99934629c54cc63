/**
 * States of a machine for `kumactl check`, and what it says of each.
 *
 * @module
 */
import assert from "node:assert/strict";
import { netnsInode } from "core/host/netns.ts";
import { kumactlPath, PASSWD } from "tests/kernel/kumactl.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { type Finished, must, waitUntil } from "tests/support/processes.ts";
import { Lab } from "tests/support/traffic/lab.ts";
import { Machine } from "./machine.ts";

/** What is done first, what is asked, and what is found. */
export interface State {
  readonly name: string;
  /** Command lines, `/RECORD` being the note of the installation; `listen UID tcp|udp PORT [ADDRESS]` starts a listener, `write PATH TEXT` a file. */
  readonly before?: readonly string[];
  /** Arguments behind `kumactl check -o json`. */
  readonly args?: string;
  /** Program and arguments ahead of kumactl: `setpriv …`. */
  readonly as?: string;
  readonly code: number;
  /**
   * Each check that is not ok, and those that are and are worth a look, by name: `failed KUMA-CHK-001 words`, of which the
   * words are among the details.
   */
  readonly found: Readonly<Record<string, string>>;
  /** Takes away what {@linkcode CheckMachine.reset} does not. */
  readonly after?: readonly string[];
}

/** Who is not root. */
export const AS_APP = "setpriv --reuid 1000 --regid 1000 --clear-groups";

interface Told {
  readonly name: string;
  readonly status: string;
  readonly details: readonly string[];
  readonly code?: string;
  readonly todo?: string;
  readonly docs?: string;
}

/** A machine whose /etc can be written, and which goes back to how it was after each state. */
export class CheckMachine implements AsyncDisposable {
  readonly #sockets = new Lab();
  readonly #name = `kc-${Deno.pid}`;

  private constructor(readonly machine: Machine) {}

  /** Makes the machine; users of its own see kumactl at /run/kumactl. */
  static async create(): Promise<CheckMachine> {
    const machine = await Machine.create();
    const made = new CheckMachine(machine);
    await must("ip", ["netns", "attach", made.#name, String(machine.pid)]);
    await machine.must("mkdir", "/run/upper", "/run/work");
    const layers = "lowerdir=/etc,upperdir=/run/upper,workdir=/run/work";
    await machine.must("umount", "/etc/passwd");
    await machine.must("mount", "-t", "overlay", "overlay", "-o", layers, "/etc");
    await machine.must("touch", "/run/kumactl");
    await machine.must("mount", "--bind", kumactlPath(), "/run/kumactl");
    await made.reset();
    return made;
  }

  /** Brings a state about, asks, compares, and takes the state away. */
  async holds(state: State): Promise<void> {
    try {
      for (const line of state.before ?? []) await this.do(line);
      const asked = `${state.as ?? ""} /run/kumactl check -o json ${state.args ?? ""}`;
      const done = await this.run(asked.trim());
      assert.notEqual(done.stdout, "", done.stderr);
      const document = checkedDocument(done.stdout, "kuma.io/kumactl-check/v1");
      compare(state, document as unknown as { sections: { checks: Told[] }[] });
      assert.equal(done.code, state.code, done.stdout);
    } finally {
      // Where bringing it about failed, taking it away may fail as well, and says nothing new.
      for (const line of state.after ?? []) await this.run(line);
      await this.reset();
    }
  }

  /** Does what a line of a state says. */
  async do(line: string): Promise<void> {
    const [word = "", ...rest] = words(line);
    if (word === "listen") return this.#listen(rest);
    const record = `${netnsInode(this.netns)}.installed.json`;
    const args = rest.map((arg) => arg.replace("/RECORD", `/${record}`));
    if (word === "write") return this.write(args[0] ?? "", args[1] ?? "");
    await this.machine.must(word === "kumactl" ? "/run/kumactl" : word, ...args);
  }

  /** Writes a file of the machine. */
  write(path: string, text: string): void {
    Deno.writeTextFileSync(`/proc/${this.machine.pid}/root${path}`, text);
  }

  /** Path of its network namespace, as seen from outside. */
  get netns(): string {
    return `/run/netns/${this.#name}`;
  }

  /** Runs a command line; any exit code is a result. */
  async run(line: string): Promise<Finished> {
    const [program = "", ...args] = words(line);
    return await this.machine.run(program, args);
  }

  /** Listens as a user, on both families unless an address is given. */
  #listen([uid = "", protocol = "", port = "", address]: readonly string[]): void {
    const families = address === undefined ? ["ipv4", "ipv6"] as const : ["ipv4"] as const;
    for (const family of families) {
      this.#sockets.listen({
        ns: this.#name,
        protocol: protocol === "udp" ? "udp" : "tcp",
        family,
        port: Number(port),
        uid: Number(uid),
        ...address === undefined ? {} : { address },
      });
    }
  }

  /** Waits until a connection to this port is there. */
  async established(port: number): Promise<void> {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const pattern = new RegExp(`:${hex} [0-9A-F]+:[0-9A-F]{4} 01 `);
    await waitUntil(
      `a connection to port ${port}`,
      () =>
        ["tcp", "tcp6"].some((file) =>
          pattern.test(Deno.readTextFileSync(`/proc/${this.machine.pid}/net/${file}`))
        ),
    );
  }

  /** Waits until a file of the test's own folder has these words. */
  async says(file: string, words: string): Promise<void> {
    await waitUntil(`"${words}" in ${file}`, () => {
      try {
        return Deno.readTextFileSync(file).includes(words);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    });
  }

  /** Without listeners, rules, installations and changed files. */
  async reset(): Promise<void> {
    this.#sockets.close();
    await this.do("nft flush ruleset");
    await this.do("rm -rf /run/kuma-transparent-proxy /etc/resolv.conf.kuma-backup");
    this.write("/etc/passwd", PASSWD);
    this.write("/etc/resolv.conf", "nameserver 10.9.9.9\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sockets.close();
    await must("ip", ["netns", "delete", this.#name]);
    await this.machine[Symbol.asyncDispose]();
  }
}

function compare(state: State, { sections }: { sections: { checks: Told[] }[] }): void {
  const told = sections.flatMap(({ checks }) => checks);
  for (const [name, expected] of Object.entries(state.found)) {
    const check = told.find((one) => one.name === name);
    const [status, code, ...rest] = expected.split(" ");
    assert.equal(check?.status ?? "not there", status, `${name}: ${check?.details.join("; ")}`);
    if (code !== undefined && code !== "-") assert.equal(check?.code, code, name);
    const details = check?.details.join("; ") ?? "";
    assert.ok(details.includes(rest.join(" ")), `${name}: ${details}`);
    if (status === "failed" || status === "warning") {
      assert.equal(check?.docs, `docs/check.md#${name}`);
      assert.ok(check?.todo !== undefined && check.code !== undefined, name);
    }
  }
  const bad = told.filter(({ status }) => status !== "ok");
  const unexpected = bad.filter(({ name }) => !Object.hasOwn(state.found, name));
  assert.deepEqual(unexpected, [], "nothing else is found");
}

function words(line: string): string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
}
