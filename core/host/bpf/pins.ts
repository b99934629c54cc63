/**
 * What we keep in a BPF file system, and where: all of it in one folder, so that leaving is removing it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { LAYOUT_VERSION } from "core/bpf/layout.ts";
import { RECORDS_MAP } from "core/bpf/record.ts";
import { cString } from "../c_library.ts";
import { errnoText } from "../libc.ts";
import { entriesOf, makeFolder, OUR_FOLDER } from "./bpffs.ts";
import { libbpf } from "./libbpf.ts";

/** Paths of the pinned maps and links below a BPF file system. */
export class Pins {
  readonly root: string;
  readonly maps: string;
  readonly links: string;
  readonly pods: string;
  /** The map of records, which every layout shares. */
  readonly records: string;

  /** @param bpffs where the file system is mounted, such as /sys/fs/bpf. */
  constructor(readonly bpffs: string) {
    this.root = `${bpffs}/${OUR_FOLDER}`;
    this.maps = `${this.root}/v${LAYOUT_VERSION}`;
    this.links = `${this.root}/links`;
    this.pods = `${this.root}/pods`;
    this.records = `${this.root}/${RECORDS_MAP}`;
  }

  /** Path of a map of this version. */
  map(name: string): string {
    return `${this.maps}/${name}`;
  }

  /** Path of the link of a program of the node. */
  link(program: string): string {
    return `${this.links}/${program}`;
  }

  /** Path of a pod's link. */
  podLink(netns: bigint, program: string): string {
    return `${this.pods}/${netns}-${program}`;
  }

  /** Makes the folders. */
  create(): void {
    for (const folder of [this.root, this.maps, this.links, this.pods]) makeFolder(folder);
  }

  /** Folders of maps that programs of another version have left. */
  otherLayouts(): string[] {
    return entriesOf(this.root).map((name) => `${this.root}/${name}`)
      .filter((path) => /\/v\d+$/.test(path) && path !== this.maps);
  }
}

/**
 * Pins a map or link.
 *
 * @throws {KumaError} `KUMA-BPF-014` with what the kernel says.
 */
export function pin(fd: number, path: string): void {
  const result = libbpf().bpf_obj_pin(fd, cString(path));
  if (result >= 0) return;
  throw new KumaError("KUMA-BPF-014", `cannot pin ${path}: ${errnoText(result)}`, {
    hint: "the folder must be in a mounted file system of type bpf",
  });
}
