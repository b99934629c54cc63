/**
 * Debian's firewalld on a machine of a test: with a bus of its own, so that neither the host's bus nor
 * its firewall learns of it.
 *
 * @module
 */
import { statOrNothing } from "core/host/presence.ts";
import { waitUntil } from "tests/support/processes.ts";
import type { Machine } from "./machine.ts";

/** Anyone on the machine may do anything on this bus; it is reached through a path of the test's own. */
const busConfig = (socket: string) =>
  `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

/** A running firewalld and its bus. */
export class Firewalld implements AsyncDisposable {
  readonly #processes: readonly Deno.ChildProcess[];
  readonly #log: string;

  readonly #bus: Record<string, string>;

  private constructor(
    processes: readonly Deno.ChildProcess[],
    log: string,
    bus: Record<string, string>,
  ) {
    this.#processes = processes;
    this.#log = log;
    this.#bus = bus;
  }

  /** Runs `firewall-cmd`, which must succeed. */
  async command(machine: Machine, ...args: string[]): Promise<void> {
    const done = await machine.run("firewall-cmd", args, { env: this.#bus });
    if (done.code !== 0) throw new Error(`firewall-cmd ${args.join(" ")}: ${done.stderr}`);
  }

  /** Gives the machine a folder /etc/firewalld of its own; returns the path outside of it. */
  static async prepare(machine: Machine, conf = ""): Promise<string> {
    const folder = `${machine.folder}/firewalld`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/firewalld.conf`, conf);
    await machine.must("mount", "--bind", folder, "/etc/firewalld");
    return folder;
  }

  /** Starts both and waits until firewalld has applied its configuration. */
  static async start(machine: Machine): Promise<Firewalld> {
    const socket = `${machine.folder}/bus`;
    const config = `${machine.folder}/bus.conf`;
    const log = `${machine.folder}/firewalld.log`;
    await Deno.writeTextFile(config, busConfig(socket));
    const address = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` };
    const bus = spawn(machine, ["dbus-daemon", "--nofork", `--config-file=${config}`], address);
    await waitUntil("the bus", () => exists(socket));
    const daemon = spawn(machine, [
      "/usr/sbin/firewalld",
      "--nofork",
      "--nopid",
      "--log-target",
      "file",
      "--log-file",
      log,
    ], address);
    const running = new Firewalld([daemon, bus], log, address);
    await waitUntil("firewalld to run", async () => {
      const done = await machine.run("firewall-cmd", ["--state"], { env: address });
      return done.stdout.trim() === "running";
    }, { timeoutMs: 30_000, intervalMs: 200 });
    return running;
  }

  /** Warnings and errors that it logged. */
  complaints(): string[] {
    if (!exists(this.#log)) return [];
    return Deno.readTextFileSync(this.#log).split("\n")
      .filter((line) => /\b(?:WARNING|ERROR)\b/.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) {
      process.kill("SIGTERM");
      await process.status;
    }
  }
}

function spawn(
  machine: Machine,
  command: readonly string[],
  env: Record<string, string>,
): Deno.ChildProcess {
  const [program, ...rest] = machine.entry;
  return new Deno.Command(program, {
    args: [...rest, ...command],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

const exists = (path: string) => statOrNothing(path) !== undefined;
