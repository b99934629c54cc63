/**
 * The processes that a process started, and theirs: what a wrapper around a program leaves behind when only
 * the wrapper is killed.
 *
 * @module
 */
import { readProcFile } from "./proc.ts";

/** A wrapper has one or two. */
const MOST = 64;

/** IDs of the processes below `pid` at this moment; none where the kernel does not tell. */
export function descendants(pid: number): number[] {
  const all = [pid];
  // Grows while it is walked.
  for (const one of all) {
    if (all.length > MOST) break;
    all.push(...childrenOf(one));
  }
  return all.slice(1);
}

function childrenOf(pid: number): number[] {
  try {
    return readProcFile(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // It ended meanwhile, or the kernel was built without CONFIG_PROC_CHILDREN.
  }
}
