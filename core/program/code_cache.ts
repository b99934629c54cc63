/**
 * Whether V8 took the bytecode that was attached to this program (`attached.ts`), for `version --detailed`.
 *
 * @module
 */

/** `used`, or `refused` by V8, which then compiles the text as ever. */
export type CodeCacheState = "used" | "refused";

// The text of an attached program has modules of its own: what its loader knows reaches it by this global alone.
const STATE = Symbol.for("kuma.code_cache");
const shared = globalThis as typeof globalThis & { [STATE]?: CodeCacheState };

/** What became of the code cache of this process; undefined where its file has none. */
export function codeCacheState(): CodeCacheState | undefined {
  return shared[STATE];
}

/** Notes it for a stage, before its text runs. What was refused once stays so. */
export function noteCodeCacheState(state: CodeCacheState): void {
  if (shared[STATE] !== "refused") shared[STATE] = state;
}
