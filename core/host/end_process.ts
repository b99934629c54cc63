import { isReady, systemCalls } from "./system_call.ts";

const kernel = systemCalls({ exit_group: ["i32"] });

/**
 * Ends the process at once, with this exit code. Whoever calls it has written all that there is to write: nothing is kept back
 * by streams that are written to synchronously. The runtime's own way first asks who wants to be told; where system calls were
 * made before, exit_group(2) does without (0.1 ms).
 */
export function endProcess(code: number): never {
  if (isReady()) kernel.exit_group(code);
  Deno.exit(code);
}
