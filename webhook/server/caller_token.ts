/**
 * Admission for API servers alone, where their operator has told them a token (the `kubeConfigFile` of an
 * AdmissionConfiguration). It is the way to know them that there is: the runtime's TLS server cannot ask for a
 * client certificate.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { errorText, KumaError } from "core/errors.ts";
import type { Refusal } from "core/serve/http_head.ts";

/** Below that a token could be guessed. */
const SHORTEST = 16;
/** A file that was changed (a Secret that is mounted) counts after so long, in milliseconds. */
const AGE_MS = 5000;

/** The tokens of a file: one a line, several while one is replaced by another. */
export class CallerTokens {
  readonly #path: string;
  readonly #now: () => number;
  #digests: readonly Uint8Array[];
  #readAt: number;

  /**
   * Reads the file once, so that a program does not start without it.
   *
   * @throws {KumaError} `KUMA-WH-025` where it cannot be read, has no token, or one that is too short.
   */
  constructor(path: string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#now = now;
    this.#digests = read(path);
    this.#readAt = now();
  }

  /** Why whoever sends this header must not be answered; undefined where he may. */
  refusal(authorization: string | null): Refusal | undefined {
    this.#refresh();
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    // Every digest is compared, and whole: how long it takes says nothing.
    const given = digest(token ?? "");
    const known = this.#digests.filter((one) => timingSafeEqual(one, given)).length;
    if (token !== undefined && known > 0) return undefined;
    return { status: 401, why: "this webhook answers API servers that send its token only" };
  }

  #refresh(): void {
    if (this.#now() - this.#readAt < AGE_MS) return;
    this.#readAt = this.#now();
    try {
      this.#digests = read(this.#path);
    } catch {
      // Whoever could call before still can; a file that is being replaced may be away for a moment.
    }
  }
}

function read(path: string): Uint8Array[] {
  const bad = (why: string, cause?: unknown) =>
    new KumaError("KUMA-WH-025", `${path}: ${why}`, cause === undefined ? {} : { cause });
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    throw bad(errorText(cause), cause);
  }
  const tokens = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (tokens.length === 0) throw bad("there is no token in it");
  if (tokens.some((token) => token.length < SHORTEST || /\s/.test(token))) {
    throw bad(`a token has at least ${SHORTEST} characters, and no blanks; one a line`);
  }
  return tokens.map(digest);
}

function digest(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
