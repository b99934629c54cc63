import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { whoAsks } from "./who_asks.ts";

/** As managed clusters write it: EKS, GKE and AKS differ in the command only. */
const EXEC = `apiVersion: v1
kind: Config
clusters:
  - {name: eks, cluster: {server: "https://abc.eks.amazonaws.com"}}
users:
  - name: eks
    user:
      exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws, args: [eks, get-token]}
contexts:
  - {name: eks, context: {cluster: eks, user: eks}}
current-context: eks
`;
const HINT =
  "; set KUBECONFIG to one with a token (kubectl create token), or ask no cluster with " +
  "--offline, or the webhook itself (docs/webhook.md, Who may ask)";

Deno.test("who has a credential plugin, or no kubeconfig, is told what else there is", async () => {
  const path = await Deno.makeTempFile({ prefix: "kubeconfig-" });
  try {
    await Deno.writeTextFile(path, EXEC);
    const cases: [environment: Record<string, string>, message: string][] = [
      [
        { KUBECONFIG: path },
        `the kubeconfig "${path}" cannot be used: exec cannot be used: give its user a token or a client certificate`,
      ],
      [
        {},
        "KUBECONFIG is not set and this is no pod (KUBERNETES_SERVICE_HOST is not set)",
      ],
    ];
    for (const [environment, message] of cases) {
      await assert.rejects(whoAsks(environment), (error) => {
        assert.ok(error instanceof KumaError);
        assert.equal(error.code, "KUMA-WH-021");
        assert.equal(error.line, message + HINT);
        return true;
      });
    }
  } finally {
    await Deno.remove(path);
  }
});
