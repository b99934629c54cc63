/** Does `work` when it is first asked for, and once: what several checks look at, with the error that it ended in. */
export function once<T>(work: () => T | Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => answer ??= (async () => await work())();
}
