/**
 * Running the tools that set a node up.
 *
 * @module
 */
import { must } from "../../support/processes.ts";

/** Runs a command line that must succeed; words are separated by blanks. */
export async function step(line: string): Promise<string> {
  const [program = "", ...args] = line.split(" ");
  return await must(program, args);
}
