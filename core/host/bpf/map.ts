/**
 * Maps by their descriptor, whoever made them.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { cString } from "../c_library.ts";
import { close, ERRNO, errnoText } from "../libc.ts";
import { libbpf } from "./libbpf.ts";

const MAP_INFO_BYTES = 80;

/** One map; closing it leaves what is pinned or used by programs. */
export class BpfMap implements Disposable {
  /** `enum bpf_map_type` */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;

  /**
   * @param fd the map's descriptor, from now on closed by {@linkcode close}
   * @throws {KumaError} `KUMA-BPF-013` where the kernel tells nothing of it.
   */
  constructor(readonly fd: number, readonly name: string) {
    // struct bpf_map_info: type, id, key_size, value_size, max_entries.
    const info = new Uint8Array(MAP_INFO_BYTES);
    this.#check("read", libbpf().bpf_obj_get_info_by_fd(fd, info, Uint8Array.of(80, 0, 0, 0)));
    const view = new DataView(info.buffer);
    this.type = view.getUint32(0, true);
    this.keySize = view.getUint32(8, true);
    this.valueSize = view.getUint32(12, true);
    this.maxEntries = view.getUint32(16, true);
  }

  /**
   * The map that is pinned at `path`; undefined where nothing is.
   *
   * @throws {KumaError} `KUMA-BPF-013` where what is there cannot be opened.
   */
  static pinned(path: string): BpfMap | undefined {
    const fd = libbpf().bpf_obj_get(cString(path));
    if (fd === -ERRNO.ENOENT) return undefined;
    if (fd >= 0) return new BpfMap(fd, path);
    throw new KumaError("KUMA-BPF-013", `cannot open the map ${path}: ${errnoText(fd)}`);
  }

  /** The value of a key, undefined where there is none. `size` is for maps per CPU, where one value has many. */
  get(
    key: Uint8Array<ArrayBuffer>,
    size: number = this.valueSize,
  ): Uint8Array<ArrayBuffer> | undefined {
    const value = new Uint8Array(size);
    const result = libbpf().bpf_map_lookup_elem(this.fd, key, value);
    if (result === -ERRNO.ENOENT) return undefined;
    this.#check("read", result);
    return value;
  }

  /** Writes an entry, whether it was there or not. */
  set(key: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>): void {
    this.#check("write to", libbpf().bpf_map_update_elem(this.fd, key, value, 0n));
  }

  /** Removes an entry; false where it was not there. */
  delete(key: Uint8Array<ArrayBuffer>): boolean {
    const result = libbpf().bpf_map_delete_elem(this.fd, key);
    if (result === -ERRNO.ENOENT) return false;
    this.#check("remove from", result);
    return true;
  }

  /** All keys, read before the first is given, so that entries may be removed meanwhile. */
  keys(): Uint8Array<ArrayBuffer>[] {
    const keys: Uint8Array<ArrayBuffer>[] = [];
    let last: Uint8Array<ArrayBuffer> | null = null;
    // A key that others remove while we read starts the kernel's walk anew: the bound ends that.
    for (let i = 0; i <= 2 * this.maxEntries; i++) {
      const next = new Uint8Array(this.keySize);
      const result = libbpf().bpf_map_get_next_key(this.fd, last, next);
      if (result === -ERRNO.ENOENT) return keys;
      this.#check("list", result);
      keys.push(next);
      last = next;
    }
    return keys;
  }

  /** Closes the descriptor. */
  close(): void {
    close(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(what: string, result: number): void {
    if (result >= 0) return;
    throw new KumaError(
      "KUMA-BPF-013",
      `cannot ${what} the map ${this.name}: ${errnoText(result)}`,
    );
  }
}
