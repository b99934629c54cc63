/**
 * How a long-running program is told to end.
 *
 * @module
 */

/** Resolves with the first SIGTERM or SIGINT; the next one ends the program at once, as without this. */
export function untilSignal(): Promise<Deno.Signal> {
  const signals = ["SIGTERM", "SIGINT"] as const;
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
