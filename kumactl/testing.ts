import { type Ran, ran } from "core/program/testing.ts";
import { KUMACTL } from "./program.ts";

export { FakeIo } from "core/program/testing.ts";

/** Runs a command line in this process, without touching its streams. */
export async function kumactl(...words: string[]): Promise<Ran> {
  return await ran(KUMACTL, words);
}
