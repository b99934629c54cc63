/**
 * Somebody who watches what others are answered while a stranger is there. It is a thread of its own: the
 * stranger keeps the test's busy.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { sleep } from "../support/processes.ts";
import type { Program } from "./program.ts";
import { reviewText } from "./server_pki.ts";

/** What others were answered. */
export interface Seen {
  asked: number;
  /** Everything that was not answered, or not as it should be. */
  readonly faults: string[];
  /** Longest wait for an answer, ms; a new connection every time. */
  slowest: number;
}

interface Subject {
  readonly url: string;
  readonly caPem: string;
}

/** How long an answer may take: a test machine is busy, and the attack comes from it, too. */
const PATIENCE_MS = 20_000;

/** How often each is asked at the least: once before the attack, and once when it ends. */
const LEAST = 2;

/**
 * Asks for /healthz and sends an ordinary review, again and again on new connections, until told to stop. `begun`
 * resolves once both were answered: on a busy machine a thread takes its time to start.
 */
export function witness(program: Program): { begun: Promise<void>; stop: () => Promise<Seen> } {
  const worker = new Worker(import.meta.url, { type: "module" });
  const { promise, resolve } = Promise.withResolvers<Seen>();
  const begun = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<Seen | "begun">) =>
    data === "begun" ? begun.resolve() : resolve(data);
  const subject: Subject = { url: program.url, caPem: program.authority.certificate };
  worker.postMessage(subject);
  return {
    begun: begun.promise,
    stop: async () => {
      worker.postMessage("stop");
      const seen = await promise;
      worker.terminate();
      return seen;
    },
  };
}

async function watch(
  { url, caPem }: Subject,
  begun: () => void,
  stopped: () => boolean,
): Promise<Seen> {
  let starting = 2;
  const seen: Seen = { asked: 0, faults: [], slowest: 0 };
  const ask = async (path: string, init: RequestInit): Promise<string> => {
    using client = Deno.createHttpClient({ caCerts: [caPem], http2: false });
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`${url}${path}`, { ...init, client, signal });
    return `${answer.status} ${await answer.text()}`;
  };
  const again = async (wanted: RegExp, path: string, init: () => RequestInit) => {
    for (let times = 0; times < LEAST || !stopped(); times++) {
      const started = performance.now();
      seen.asked++;
      const text = await ask(path, init()).catch(errorText);
      if (!wanted.test(text)) seen.faults.push(`${path}: ${text}`);
      seen.slowest = Math.max(seen.slowest, performance.now() - started);
      if (times === 0 && --starting === 0) begun();
      await sleep(50);
    }
  };
  await Promise.all([
    again(/^200 ok/, "/healthz", () => ({})),
    again(/^200 .*"allowed":true/, "/validate-v1-service", () => ({
      method: "POST",
      body: reviewText("a", 3000),
      headers: { "content-type": "application/json" },
    })),
  ]);
  return seen;
}

/** A worker's side of the channel; the library's types are those of a window. */
interface Scope {
  onmessage: (event: MessageEvent<Subject | "stop">) => void;
  postMessage(message: Seen | "begun"): void;
}

// Only as a worker: importing it from a test does nothing.
if ("WorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as Scope;
  let stopped = false;
  scope.onmessage = async ({ data }) => {
    if (data === "stop") stopped = true;
    else {scope.postMessage(
        await watch(data, () => scope.postMessage("begun"), () => stopped),
      );}
  };
}
