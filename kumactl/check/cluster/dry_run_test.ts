/** What the API server's words about a dry run mean; the whole way is in tests/cluster. */
import assert from "node:assert/strict";
import type { KubeClient } from "core/cluster/client.ts";
import { ApiError } from "core/kube/api_error.ts";
import type { Json } from "core/patch/json.ts";
import { tryPod } from "./dry_run.ts";

const client = (answer: Json | Error) =>
  ({
    json: () => answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
  }) as unknown as KubeClient;
const says = (status: number, message: string) =>
  new ApiError("POST", "/api/v1/namespaces/shop/pods?dryRun=All", {
    status,
    text: JSON.stringify({ message }),
  });

Deno.test("the words of an API server are told apart", async () => {
  const pod = (name: string) => ({
    spec: { containers: [{ name: "check" }], initContainers: [{ name }] },
  });
  const cases: [Json | Error, string, boolean | undefined, RegExp][] = [
    [pod("kuma-sidecar"), "ok", undefined, /dry run in namespace shop/],
    [pod("other"), "failed", undefined, /got no sidecar/],
    [null, "unknown", undefined, /is no pod$/],
    [{ kind: "Status" }, "unknown", undefined, /is no pod$/],
    [
      says(
        500,
        'Internal error occurred: failed calling webhook "x": failed to call webhook: Post "https://…": x509: …',
      ),
      ...["failed", undefined, /^failed calling webhook "x": .*x509/] as [
        string,
        undefined,
        RegExp,
      ],
    ],
    [
      says(403, 'admission webhook "x" denied the request: Mesh "default" not found'),
      "warning",
      undefined,
      /answers, and refuses .* not found$/,
    ],
    [
      says(403, 'pods "kumactl-check-" is forbidden: violates PodSecurity "restricted:latest"'),
      "ok",
      undefined,
      /answers/,
    ],
    [
      says(403, 'pods "kumactl-check-" is forbidden: exceeded quota: q'),
      "ok",
      undefined,
      /answers/,
    ],
    [
      says(403, 'pods is forbidden: User "a" cannot create resource "pods"'),
      "unknown",
      true,
      /cannot create resource/,
    ],
    [says(404, 'namespaces "shop" not found'), "unknown", undefined, /not found/],
    [
      new DOMException("late", "TimeoutError"),
      "unknown",
      undefined,
      /no answer within half a minute/,
    ],
  ];
  for (const [answer, status, lasting, words] of cases) {
    const outcome = await tryPod(client(answer), "shop");
    assert.deepEqual([outcome.status, outcome.lasting], [status, lasting], String(words));
    assert.match(outcome.details.join(), words);
  }
});
