/**
 * How many connections the open files of this process are enough for.
 *
 * @module
 */

/** An API server keeps a few dozen connections, and has some hundred requests at once at the most. */
const MOST = 1024;
/** A connection with TLS takes three; the rest of the program some dozens. */
const FILES = 3;
const OWN_FILES = 40;
const FEWEST = 8;

/** Connections at once: 1024, or fewer where files are few. */
export function mostConnections(limits: () => string = ownLimits): number {
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits())?.[1] ?? Infinity);
  return Math.min(MOST, Math.max(FEWEST, Math.floor((files - OWN_FILES) / FILES)));
}

/** proc_pid_limits(5); empty where it cannot be read, which is no reason not to serve. */
function ownLimits(): string {
  try {
    return Deno.readTextFileSync("/proc/self/limits");
  } catch {
    return "";
  }
}
