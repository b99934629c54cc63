/**
 * Reading the ring of events. Programs write no more of them than there is budget for, so nobody's traffic can flood
 * the log; errors are written without it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { libbpf, pointerError } from "./libbpf.ts";
import { errnoText } from "../libc.ts";
import { BpfMap } from "./map.ts";
import type { Pins } from "./pins.ts";

const CALLBACK = {
  parameters: ["pointer", "pointer", "usize"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** An open ring. */
export class EventRing implements Disposable {
  readonly #map: BpfMap;
  readonly #budget: BpfMap;
  readonly #callback: Deno.UnsafeCallback<typeof CALLBACK>;
  readonly #ring: Deno.PointerValue;
  #found: Uint8Array[] = [];

  private constructor(map: BpfMap, budget: BpfMap) {
    this.#map = map;
    this.#budget = budget;
    this.#callback = new Deno.UnsafeCallback(CALLBACK, (_context, data, size) => {
      // Valid only meanwhile: copied.
      if (data !== null) {
        const view = new Deno.UnsafePointerView(data).getArrayBuffer(Number(size));
        this.#found.push(new Uint8Array(view).slice());
      }
      return 0;
    });
    this.#ring = libbpf().ring_buffer__new(map.fd, this.#callback.pointer, null, null);
    if (this.#ring === null) {
      const why = errnoText(pointerError());
      this.#callback.close();
      throw new KumaError("KUMA-BPF-013", `cannot read the ring of events: ${why}`);
    }
  }

  /** The pinned one; undefined where the kernel has none. */
  static open(pins: Pins): EventRing | undefined {
    const map = BpfMap.pinned(pins.map("events"));
    if (map === undefined) return undefined;
    const budget = BpfMap.pinned(pins.map("event_budget"));
    if (budget !== undefined) {
      try {
        return new EventRing(map, budget);
      } catch (error) {
        budget.close();
        map.close();
        throw error;
      }
    }
    map.close();
    return undefined;
  }

  /** Lets the programs write so many more events from now on. */
  allow(events: number): void {
    this.#budget.set(new Uint8Array(4), new Uint8Array(BigUint64Array.of(BigInt(events)).buffer));
  }

  /** The records that were written since the last time. Never waits. */
  take(): Uint8Array[] {
    const result = libbpf().ring_buffer__consume(this.#ring);
    if (result < 0) {
      throw new KumaError("KUMA-BPF-013", `cannot read the ring of events: ${errnoText(result)}`);
    }
    const found = this.#found;
    this.#found = [];
    return found;
  }

  [Symbol.dispose](): void {
    this.allow(0);
    libbpf().ring_buffer__free(this.#ring);
    this.#callback.close();
    this.#budget.close();
    this.#map.close();
  }
}
