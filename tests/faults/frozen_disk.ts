/**
 * A file system on which every write waits in the kernel, and no signal ends it: a dead disk or NFS server.
 *
 * @module
 */
import { must } from "../support/processes.ts";

/** The frozen file system; thawed and gone when disposed of. */
export class FrozenDisk implements AsyncDisposable {
  readonly path: string;
  #frozen = true;

  private constructor(private readonly dir: string) {
    this.path = `${dir}/mount`;
  }

  /** Makes it in a file of a few MiB. */
  static async create(): Promise<FrozenDisk> {
    const dir = await Deno.makeTempDir({ prefix: "frozen-" });
    const disk = new FrozenDisk(dir);
    await Deno.mkdir(disk.path);
    await Deno.writeFile(`${dir}/image`, new Uint8Array(8 * 1024 * 1024));
    await must("mkfs.ext4", ["-q", `${dir}/image`]);
    await must("mount", ["-o", "loop", `${dir}/image`, disk.path]);
    await must("fsfreeze", ["--freeze", disk.path]);
    return disk;
  }

  /** Lets everything that waits go on. */
  async thaw(): Promise<void> {
    if (this.#frozen) await must("fsfreeze", ["--unfreeze", this.path]);
    this.#frozen = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.thaw();
    await must("umount", [this.path]);
    await Deno.remove(this.dir, { recursive: true });
  }
}
