/**
 * How a program learns that it is to end.
 *
 * @module
 */

/** What supervisors and terminals send to end a program. */
const ENDING: readonly Deno.Signal[] = ["SIGTERM", "SIGINT"];

/** Resolves when this process is asked to end; further signals then act as usual. */
export function untilSignal(signals: readonly Deno.Signal[] = ENDING): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    const listeners = signals.map((signal) => {
      const listener = () => {
        for (const [name, other] of listeners) Deno.removeSignalListener(name, other);
        resolve(signal);
      };
      Deno.addSignalListener(signal, listener);
      return [signal, listener] as const;
    });
  });
}

/** A signal that fires when this process is asked to end, with the name of what asked as its reason. */
export function endingSignal(signals: readonly Deno.Signal[] = ENDING): AbortSignal {
  const ending = new AbortController();
  void untilSignal(signals).then((signal) => ending.abort(signal));
  return ending.signal;
}
