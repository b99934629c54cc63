/**
 * A body in chunks (RFC 9112, 7.1), read strictly: no chunk extensions, no trailers, lines that end with
 * CR LF and nothing else. Nobody who calls us sends more, and what two servers read in two ways is there.
 *
 * @module
 */

/** A chunk's head: up to so many hexadecimal digits. */
const MAX_DIGITS = 8;
const CR = 13;
const LF = 10;

/** What comes next. */
type Part = "size" | "size-end" | "data" | "data-end" | "data-end-2" | "last" | "last-2" | "end";

/** Takes the bytes of a body as they come. */
export class ChunkReader {
  #part: Part = "size";
  #digits = 0;
  #left = 0;

  /** All has come. */
  get done(): boolean {
    return this.#part === "end";
  }

  /**
   * Reads from `bytes` and gives each piece of data to `take`.
   *
   * @returns how many bytes belonged to the body, or undefined where they are no chunks
   */
  read(bytes: Uint8Array, take: (data: Uint8Array) => void): number | undefined {
    let at = 0;
    while (at < bytes.length && this.#part !== "end") {
      if (this.#part === "data") {
        const size = Math.min(this.#left, bytes.length - at);
        take(bytes.subarray(at, at + size));
        at += size;
        this.#left -= size;
        if (this.#left === 0) this.#part = "data-end";
      } else if (!this.#byte(bytes[at++] ?? -1)) return undefined;
    }
    return at;
  }

  /** One byte that is no data; false where another had to come. */
  #byte(byte: number): boolean {
    switch (this.#part) {
      case "size":
        return byte === CR && this.#digits > 0 ? this.#to("size-end") : this.#digit(byte);
      case "size-end":
        return byte === LF && this.#to(this.#left > 0 ? "data" : "last");
      case "data-end":
        return byte === CR && this.#to("data-end-2");
      case "data-end-2":
        this.#digits = 0;
        return byte === LF && this.#to("size");
      case "last":
        return byte === CR && this.#to("last-2");
      default:
        return byte === LF && this.#to("end");
    }
  }

  #digit(byte: number): boolean {
    const digit = parseInt(String.fromCharCode(byte), 16);
    if (Number.isNaN(digit) || ++this.#digits > MAX_DIGITS) return false;
    this.#left = this.#left * 16 + digit;
    return true;
  }

  #to(part: Part): true {
    this.#part = part;
    return true;
  }
}
