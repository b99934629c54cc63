/**
 * The admission server as a real API server calls it: kept connections, long answers, denials.
 */
import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { percentile } from "../bench/measure.ts";
import { SERVER_METRICS } from "core/metrics/webhook_metrics.ts";
import { startServer } from "../../webhook/server/server.ts";
import { type KubeObject, startApiServer } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { testAuthority } from "./server_pki.ts";

const test = requires("etcd");
const MAPS = "/api/v1/namespaces/default/configmaps";
const CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/** Some kilobytes as a sidecar's environment has them. */
const lines = (bytes: number) =>
  Array.from({ length: bytes / 30 }, (_, n) => `KUMA_VARIABLE_${n}=value of ${n}`).join("\n");

test("an API server takes short and long patches, each in milliseconds, and denials", async () => {
  await using cluster = await startApiServer();
  const { caPem, issue } = await testAuthority();
  const metrics = new MetricSet(SERVER_METRICS);
  const server = startServer({
    hostname: "127.0.0.1",
    port: 0,
    certificate: await issue(),
    handlers: {
      "/patch": ({ name }) => {
        const [what = "", size = "0"] = name.split("-");
        if (what === "deny") throw new KumaError("KUMA-WH-004", "no such mesh");
        const value = { long: lines(Number(size)) };
        return { allowed: true, patch: [{ op: "add", path: "/data", value }] };
      },
    },
    notReady: () => undefined,
    guard: () => Promise.resolve(undefined),
    metrics,
    log: silentLogger,
  });
  try {
    await cluster.request("POST", CONFIGURATION, {
      metadata: { name: "server" },
      webhooks: [{
        name: "server.example.com",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        clientConfig: {
          url: `https://localhost:${server.port}/patch`,
          caBundle: new TextEncoder().encode(caPem).toBase64(),
        },
        rules: [{
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE"],
          resources: ["configmaps"],
        }],
      }],
    });
    const create = (name: string) =>
      cluster.request<KubeObject & { data?: { long: string } }>("POST", `${MAPS}?dryRun=All`, {
        metadata: { name },
      });
    await waitUntil("the API server calls", async () => (await create("a-60")).data !== undefined);
    for (const size of [300, 9000, 45_000]) {
      const ms: number[] = [];
      for (let n = 0; n < 15; n++) {
        const started = performance.now();
        const { data } = await create(`a-${size}`);
        ms.push(performance.now() - started);
        assert.equal(data?.long, lines(size));
      }
      // 40 ms would be Nagle's algorithm, or HTTP/2.
      assert.ok(percentile(ms.sort((a, b) => a - b), 0.3) < 30, `${size} bytes: ${ms}`);
    }
    await assert.rejects(
      create("deny-1"),
      /denied the request: no such mesh \(KUMA-WH-004\)/,
    );
    assert.match(metrics.page(), /kuma_webhook_connections [1-5]$/m, "connections are kept");
  } finally {
    await server.shutdown({ noticeMs: 0 });
  }
});
