/**
 * An admission server for the server's own tests, as a process of its own: `deno run … server_subject.ts
 * CERTIFICATE_FOLDER NOTICE_MS`. It prints its port, takes `pair.json` anew on SIGUSR1, drains on
 * SIGTERM, and answers `/echo` with the name of the object, and `/patch` with a
 * patch of as many bytes as the name says.
 */
import { silentLogger } from "core/log/logger.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import type { CertificatePair } from "core/serve/tls_generation.ts";
import type { AdmissionDecision } from "../../webhook/admission/review.ts";
import { SERVER_METRICS } from "core/metrics/webhook_metrics.ts";
import { untilSignal } from "core/program/signals.ts";
import { startServer } from "../../webhook/server/server.ts";

const folder = Deno.args[0] ?? "";
const read = (): CertificatePair => JSON.parse(Deno.readTextFileSync(`${folder}/pair.json`));
/** Text that nothing can make shorter. */
function noise(bytes: number): string {
  const random = new Uint8Array(bytes * 3 / 4);
  for (let at = 0; at < random.length; at += 65_536) {
    crypto.getRandomValues(random.subarray(at, at + 65_536));
  }
  return random.toBase64();
}

const server = startServer({
  hostname: "127.0.0.1",
  port: 0,
  certificate: read(),
  handlers: {
    "/echo": ({ name }): AdmissionDecision => ({ allowed: true, warnings: [name] }),
    "/patch": ({ name }): AdmissionDecision => ({
      allowed: true,
      patch: [{ op: "add", path: "/metadata/annotations", value: noise(+name) }],
    }),
  },
  notReady: () => undefined,
  guard: () => Promise.resolve(undefined),
  metrics: new MetricSet(SERVER_METRICS),
  log: silentLogger,
});
Deno.addSignalListener("SIGUSR1", () => server.setCertificate(read()));
Deno.stdout.writeSync(new TextEncoder().encode(`${server.port}\n`));
await untilSignal();
await server.shutdown({ noticeMs: Number(Deno.args[1]) });
Deno.exit(0);
