/**
 * A compiled BPF object on its way into the kernel.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { CONSTANTS_MAP } from "core/bpf/layout.ts";
import { cString } from "../c_library.ts";
import { errnoText } from "../libc.ts";
import { addressOf, libbpf, pointerError } from "./libbpf.ts";
import type { BpfMap } from "./map.ts";

/** What is loaded, and how. */
export interface ObjectOptions {
  /** Name for error messages and for the kernel: `node` or `pod`. */
  readonly name: string;
  /** The ELF file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Value of the section `.rodata.constants`, its exact size. */
  readonly constants: Uint8Array<ArrayBuffer>;
  /** Maps that are there already, by name; they stay the caller's. One of another form than ours is not used. */
  readonly reuse?: ReadonlyMap<string, BpfMap>;
  /** Programs that are left out. */
  readonly withoutPrograms?: readonly string[];
  /** Maps that are not made, where no program that is left needs them. */
  readonly withoutMaps?: readonly string[];
  /** Other numbers of entries than the object says, by map. */
  readonly maxEntries?: Readonly<Record<string, number>>;
}

const OPEN_OPTIONS_SIZE = 80, LOG_BUFFER = 56, LOG_SIZE = 64, OBJECT_NAME = 8;
const LOG_BYTES = 1 << 20;
/** Of a verifier's log the end says what is wrong. */
const LAST_LINES = 12;

/** A loaded object. Closing it takes away what is neither pinned nor attached. */
export class BpfObject implements Disposable {
  /** Maps that were to be reused and are of another form: they were made anew. */
  readonly misfits: Set<string> = new Set();
  #object: Deno.PointerValue;

  private constructor(object: Deno.PointerObject, readonly name: string) {
    this.#object = object;
  }

  /**
   * Opens and loads an object.
   *
   * @throws {KumaError} `KUMA-BPF-011` libbpf cannot read it, `KUMA-BPF-012` the kernel refuses a map or program: with
   *   the last lines of the verifier.
   */
  static load(options: ObjectOptions): BpfObject {
    const log = new Uint8Array(LOG_BYTES);
    const name = cString(options.name);
    const open = new Uint8Array(OPEN_OPTIONS_SIZE);
    const view = new DataView(open.buffer);
    view.setBigUint64(0, BigInt(OPEN_OPTIONS_SIZE), true);
    view.setBigUint64(OBJECT_NAME, addressOf(name), true);
    view.setBigUint64(LOG_BUFFER, addressOf(log), true);
    view.setBigUint64(LOG_SIZE, BigInt(LOG_BYTES), true);
    const { bytes } = options;
    const object = libbpf().bpf_object__open_mem(bytes, BigInt(bytes.length), open);
    if (object === null) {
      throw new KumaError(
        "KUMA-BPF-011",
        `the BPF object "${options.name}" cannot be opened: ${errnoText(pointerError())}`,
      );
    }
    const made = new BpfObject(object, options.name);
    try {
      made.#prepare(options);
      const result = libbpf().bpf_object__load(object);
      if (result < 0) throw made.#refused(result, log);
      return made;
    } catch (error) {
      made.close();
      throw error;
    }
  }

  /** Descriptor of a program; it is the object's own. */
  programFd(name: string): number {
    return this.#checked(`program ${name}`, libbpf().bpf_program__fd(this.#program(name)));
  }

  /** Descriptor of a map; it is the object's own. */
  mapFd(name: string): number {
    return this.#checked(`map ${name}`, libbpf().bpf_map__fd(this.#map(name)));
  }

  /** Closes it; a second time does nothing. */
  close(): void {
    libbpf().bpf_object__close(this.#object);
    this.#object = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #prepare(options: ObjectOptions): void {
    const { constants } = options;
    const checked = (what: string, result: number) => this.#checked(what, result);
    checked(
      "its constants",
      libbpf().bpf_map__set_initial_value(
        this.#map(CONSTANTS_MAP),
        constants,
        BigInt(constants.length),
      ),
    );
    for (const name of options.withoutPrograms ?? []) {
      checked(name, libbpf().bpf_program__set_autoload(this.#program(name), false));
    }
    for (const name of options.withoutMaps ?? []) {
      checked(name, libbpf().bpf_map__set_autocreate(this.#map(name), false));
    }
    for (const [name, entries] of Object.entries(options.maxEntries ?? {})) {
      checked(name, libbpf().bpf_map__set_max_entries(this.#map(name), entries));
    }
    for (const [name, there] of options.reuse ?? []) {
      const map = this.#map(name);
      if (fits(map, there)) checked(name, libbpf().bpf_map__reuse_fd(map, there.fd));
      else this.misfits.add(name);
    }
  }

  #program(name: string): Deno.PointerObject {
    const program = libbpf().bpf_object__find_program_by_name(this.#object, cString(name));
    if (program === null) throw new TypeError(`${this.name}.bpf.o has no program "${name}"`);
    return program;
  }

  #map(name: string): Deno.PointerObject {
    const map = libbpf().bpf_object__find_map_by_name(this.#object, cString(name));
    if (map === null) throw new TypeError(`${this.name}.bpf.o has no map "${name}"`);
    return map;
  }

  #checked(what: string, result: number): number {
    if (result >= 0) return result;
    throw new KumaError(
      "KUMA-BPF-011",
      `the BPF object "${this.name}" cannot be used, ${what}: ${errnoText(result)}`,
    );
  }

  #refused(result: number, log: Uint8Array): KumaError {
    const end = log.indexOf(0);
    const lines = new TextDecoder().decode(log.subarray(0, end < 0 ? 0 : end)).trimEnd().split(
      "\n",
    );
    const verifier = lines.slice(-LAST_LINES).join(" | ");
    const said = verifier === "" ? "" : `; the verifier's last lines: ${verifier}`;
    return new KumaError(
      "KUMA-BPF-012",
      `the kernel refuses the BPF object "${this.name}"${this.#firstUnloaded()}: ` +
        `${errnoText(result)}${said}`,
    );
  }

  /** libbpf loads in order and stops at the first that fails. */
  #firstUnloaded(): string {
    let program: Deno.PointerValue = null;
    while (
      (program = libbpf().bpf_object__next_program(this.#object, program)) !== null
    ) {
      const loaded = libbpf().bpf_program__fd(program) >= 0;
      if (loaded || !libbpf().bpf_program__autoload(program)) continue;
      const name = libbpf().bpf_program__name(program);
      return name === null ? "" : ` at program ${new Deno.UnsafePointerView(name).getCString()}`;
    }
    return "";
  }
}

/** libbpf takes over whatever it is given, and the programs would then read values of another form. */
function fits(map: Deno.PointerObject, there: BpfMap): boolean {
  return libbpf().bpf_map__type(map) === there.type &&
    libbpf().bpf_map__key_size(map) === there.keySize &&
    libbpf().bpf_map__value_size(map) === there.valueSize;
}
