/**
 * The real Docker, in a network namespace: Debian's own package, unpacked and never installed, since installing it would
 * start it on this machine, and its rules with it.
 *
 * @module
 */
import { join } from "node:path";
import { cacheDir } from "build/denort.ts";
import { must, waitUntil, which } from "tests/support/processes.ts";
import type { Namespace } from "./namespace.ts";

/** What Docker calls the folder of its control groups. */
const GROUP = "/kuma-test-docker";
const IMAGE = "sleeper";
/** Docker writes a key below /etc, whatever it is told, and keeps namespaces by mounts, which a restart must find again. */
const PRIVATE_ETC = `set -e
mount -t tmpfs none "$0"
mkdir "$0/upper" "$0/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work" /etc
: > "$0/prepared"
exec sleep 3600
`;

/** The folder with `dockerd` and the one with `docker`, from the cache or from Debian's archive. */
async function programs(): Promise<readonly string[]> {
  const folder = join(cacheDir(), "docker");
  const found = [`${folder}/usr/sbin`, `${folder}/usr/bin`];
  try {
    await Deno.stat(`${folder}/usr/sbin/dockerd`);
    return found;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const dir = await Deno.makeTempDir({ prefix: "docker-package-" });
  try {
    // apt gives up its rights for a download where it can, and must be able to write here.
    await Deno.chmod(dir, 0o777);
    await must("env", ["--chdir", dir, "apt-get", "-qq", "download", "docker.io"]);
    const [deb] = [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) =>
      name.endsWith(".deb")
    );
    await must("dpkg-deb", ["--extract", `${dir}/${deb}`, `${dir}/root`]);
    await Deno.mkdir(cacheDir(), { recursive: true });
    await must("cp", ["--archive", "--no-target-directory", `${dir}/root`, folder]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  return found;
}

/** A running container: it sleeps, and has a network namespace with a name. */
export interface Container {
  /** For `ip netns`, and for listeners and clients of a test. */
  readonly netns: string;
  readonly address: string;
}

/** Docker's daemon on a machine; the containers go with it. */
export class Docker implements AsyncDisposable {
  readonly #on: Namespace;
  readonly #dir: string;
  readonly #path: string;
  /** Holds the mount namespace that one daemon after the other runs in. */
  readonly #holder: Deno.ChildProcess;
  #daemon: Deno.ChildProcess | undefined;
  readonly #named: string[] = [];
  readonly #containers: string[] = [];

  private constructor(on: Namespace, dir: string, path: string) {
    this.#on = on;
    this.#holder = new Deno.Command("nsenter", {
      args: [
        ...[`--net=/run/netns/${on.name}`, "unshare", "--mount", "--propagation", "private"],
        ...["sh", "-c", PRIVATE_ETC, `${dir}/etc`],
      ],
      stdin: "null",
      stdout: "null",
    }).spawn();
    this.#dir = dir;
    this.#path = path;
  }

  /** Starts it in a namespace, and loads one image. */
  static async start(on: Namespace): Promise<Docker> {
    const dir = await Deno.makeTempDir({ prefix: "docker-" });
    await Deno.mkdir(`${dir}/etc`);
    const docker = new Docker(on, dir, [...await programs(), Deno.env.get("PATH")].join(":"));
    try {
      await waitUntil(
        "a place for Docker",
        () =>
          must("nsenter", [
            `--target=${docker.#holder.pid}`,
            "--mount",
            "stat",
            `${dir}/etc/prepared`,
          ])
            .then(() => true, () => false),
      );
      await docker.#serve();
      await docker.#loadImage();
      return docker;
    } catch (error) {
      await docker[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a container that publishes one of the machine's TCP ports as its own port 80. */
  async run(name: string, published: number): Promise<Container> {
    const port = `${published}:80`;
    this.#containers.push(name);
    const limits = ["--ulimit=nofile=1024:1024", "--cgroup-parent", GROUP];
    await this.#docker(
      ...["run", "--detach", "--name", name, "--publish", port, ...limits, IMAGE],
      ...["/busybox", "sleep", "3600"],
    );
    const format = "{{.State.Pid}} {{.NetworkSettings.IPAddress}}";
    const [pid = "", address = ""] = (await this.#docker("inspect", "--format", format, name))
      .trim().split(" ");
    const netns = `${this.#on.name}-${name}`;
    await must("ip", ["netns", "attach", netns, pid]);
    this.#named.push(netns);
    return { netns, address };
  }

  /** Ends the daemon and starts it again; containers stay, as `live-restore` has it. */
  async restart(): Promise<void> {
    await this.#end();
    await this.#serve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const netns of this.#named) await must("ip", ["netns", "delete", netns]);
    for (const name of this.#containers) await this.#docker("rm", "--force", name);
    await this.#end();
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
    await Deno.remove(this.#dir, { recursive: true });
    removeGroups();
  }

  async #serve(): Promise<void> {
    const dir = this.#dir;
    const log = await Deno.open(`${dir}/log`, { create: true, append: true });
    const child = new Deno.Command("nsenter", {
      args: [
        ...[`--target=${this.#holder.pid}`, "--mount", "--net", "dockerd"],
        ...["--host", `unix://${dir}/docker.sock`],
        ...["--data-root", `${dir}/data`, "--exec-root", `${dir}/exec`],
        ...["--pidfile", `${dir}/pid`, "--config-file", await this.#noConfiguration()],
        "--live-restore",
        ...["--storage-driver", "vfs", "--userland-proxy=false", "--bip", "172.17.0.1/16"],
      ],
      env: { PATH: this.#path },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#daemon = child;
    child.stderr.pipeTo(log.writable).catch(() => undefined);
    void child.status.then(() => this.#daemon = undefined);
    const answers = async () => this.#daemon === undefined || await this.#answers();
    await waitUntil("Docker answers", answers, { timeoutMs: 60_000 }).catch(() => undefined);
    if (await this.#answers()) return;
    throw new Error(
      `Docker does not answer: ${(await Deno.readTextFile(`${dir}/log`)).slice(-2000)}`,
    );
  }

  async #noConfiguration(): Promise<string> {
    const path = `${this.#dir}/daemon.json`;
    await Deno.writeTextFile(path, "{}");
    return path;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.#docker("version");
      return true;
    } catch {
      return false;
    }
  }

  async #loadImage(): Promise<void> {
    const root = `${this.#dir}/image`;
    await Deno.mkdir(root);
    const busybox = which("busybox");
    if (busybox === undefined) throw new Error("there is no busybox for a container");
    await Deno.copyFile(busybox, `${root}/busybox`);
    await must("tar", ["--create", "--directory", root, "--file", `${root}.tar`, "busybox"]);
    await this.#docker("import", `${root}.tar`, IMAGE);
  }

  async #end(): Promise<void> {
    const daemon = this.#daemon;
    daemon?.kill("SIGTERM");
    await daemon?.status;
  }

  #docker(...args: string[]): Promise<string> {
    const to = `unix://${this.#dir}/docker.sock`;
    return must("env", [`PATH=${this.#path}`, "docker", "--host", to, ...args]);
  }
}

/** Docker leaves the folder of its control groups behind, once in each hierarchy. */
function removeGroups(): void {
  const roots = [
    "/sys/fs/cgroup",
    ...[...Deno.readDirSync("/sys/fs/cgroup")]
      .filter(({ isDirectory }) => isDirectory).map(({ name }) => `/sys/fs/cgroup/${name}`),
  ];
  for (const root of roots) {
    try {
      Deno.removeSync(`${root}${GROUP}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
