/**
 * A machine of its own that can start: network, processes, /run, /etc and control groups, and a real systemd as
 * process 1 once it is told to boot. Of Debian's units only what every target needs is in it.
 *
 * @module
 */
import { cgroup2Mount, parseMounts } from "core/bpf/mounts.ts";
import { run, waitUntil } from "tests/support/processes.ts";
import { kumactlPath, PASSWD } from "./kumactl.ts";
import { Place } from "./namespace.ts";

/** What process 1 does before it becomes systemd. Overlays keep the machine's own files as they are. */
const PREPARE = `set -e
mount -t tmpfs none /run
mkdir /run/upper /run/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work /etc
mount -t tmpfs -o mode=755 none /etc/systemd/system
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs none /usr/lib/systemd/system/multi-user.target.wants
mount -t tmpfs none /usr/lib/systemd/system/sysinit.target.wants
ip link set lo up
: > /run/prepared
until [ -e /run/boot ]; do sleep 0.05; done
export container=test
exec /lib/systemd/systemd --system --unit=multi-user.target --log-target=null --show-status=no
`;

let made = 0;

/** The machine; all of it goes when it is disposed of. */
export class BootMachine extends Place implements AsyncDisposable {
  override readonly entry: readonly [string, ...string[]];
  readonly #holder: Deno.ChildProcess;
  readonly #group: string;

  private constructor(holder: Deno.ChildProcess, init: number, group: string) {
    super();
    this.#holder = holder;
    this.#group = group;
    this.entry = ["nsenter", `--target=${init}`, "--mount", "--net", "--pid", "--cgroup", "--"];
  }

  /** Makes a machine with two users beside root: app (1000) and kuma-dp (5678). */
  static async create(): Promise<BootMachine> {
    const root = cgroup2Mount(
      parseMounts(Deno.readTextFileSync("/proc/self/mountinfo")),
      "/sys/fs/cgroup",
    );
    const group = `${root}/kuma-boot-${Deno.pid}-${++made}`;
    Deno.mkdirSync(group);
    const holder = new Deno.Command("sh", {
      args: [
        "-c",
        'echo $$ > "$0/cgroup.procs" && exec "$@"',
        group,
        ...["unshare", "--mount", "--net", "--pid", "--cgroup", "--ipc", "--uts", "--fork"],
        ...["--kill-child=KILL", "--propagation", "private", "sh", "-c", PREPARE],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const init = await waitUntil("process 1 of a machine", () => {
      const { pid } = holder;
      const [child = ""] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ");
      try {
        return child !== "" && Deno.statSync(`/proc/${child}/root/run/prepared`).isFile &&
          Number(child);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    });
    const machine = new BootMachine(holder, init, group);
    const folder = await Deno.makeTempDir({ prefix: "kuma-boot-" });
    await Deno.writeTextFile(`${folder}/passwd`, PASSWD);
    await machine.must("cp", `${folder}/passwd`, "/etc/passwd");
    await Deno.remove(folder, { recursive: true });
    return machine;
  }

  /** Starts it: what is in memory alone is gone, as after a restart. */
  async boot(): Promise<void> {
    await this.must("rm", "-rf", "/run/kuma-transparent-proxy");
    await this.must("touch", "/run/boot");
  }

  /** Runs the compiled kumactl, which must succeed. */
  kumactl(...args: string[]): Promise<string> {
    return this.must(kumactlPath(), ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
    await waitUntil("the machine's control groups are empty", async () => {
      const args = [this.#group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"];
      await run("find", args);
      return (await run("test", ["-e", this.#group])).code !== 0;
    });
  }
}
