/**
 * What unit tests of this room share.
 *
 * @module
 */
import { exchange } from "./program/native.ts";
import { type Places, placesOf } from "./program/places.ts";
import { readSettings, type Settings } from "./settings/settings.ts";

// Opens the C library before any test: none of them shall be blamed for leaving it open.
exchange("/nonexistent/a", "/nonexistent/b");

/** A net dir with a state folder, gone when disposed of. */
export class TestDir implements Disposable {
  readonly dir: string = Deno.makeTempDirSync({ prefix: "ki-" });
  readonly settings: Settings;
  readonly places: Places;

  constructor(env: Record<string, string> = {}) {
    this.settings = readSettings({
      MOUNTED_CNI_NET_DIR: `${this.dir}/net.d`,
      MOUNTED_CNI_BIN_DIR: `${this.dir}/bin`,
      CNI_SOURCE_DIR: `${this.dir}/image`,
      MOUNTED_SECONDARY_CNI_BIN_DIR: "",
      ...env,
    });
    this.places = placesOf(this.settings);
    for (const name of ["net.d", "net.d/.kuma-cni", "bin", "image"]) {
      Deno.mkdirSync(`${this.dir}/${name}`);
    }
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(`${this.places.netDir}/${name}`, text);
  }

  read(name: string): string {
    return Deno.readTextFileSync(`${this.places.netDir}/${name}`);
  }

  /** Names in the net dir but for the state folder. */
  names(): string[] {
    return [...Deno.readDirSync(this.places.netDir)].map(({ name }) => name)
      .filter((name) => name !== ".kuma-cni").sort();
  }

  /** Names in the state folder. */
  state(): string[] {
    return [...Deno.readDirSync(this.places.state)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** The least that has an interpreter: an ELF header, one program header, the path far behind. elf(5). */
export function programWith(interpreter: string): Uint8Array {
  const path = new TextEncoder().encode(`${interpreter}\0`);
  const at = 1_500_000;
  const bytes = new Uint8Array(at + path.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 3, true);
  view.setBigUint64(72, BigInt(at), true);
  view.setBigUint64(96, BigInt(path.length), true);
  bytes.set(path, at);
  return bytes;
}

/** What the installer knows a program in front by: a short ELF file that names what it starts. */
export const FRONT: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "\x7fELF, static: .kuma-cni-runtime/kuma-cni",
);
