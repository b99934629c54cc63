/** Reviews for API servers alone: a token that a real API server sends, as docs/webhook.md says. */
import assert from "node:assert/strict";
import { startApiServer } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { furnishKuma } from "./test_webhook.ts";

const test = requires("etcd");
const TOKEN = "6d8ab9a1c5f24c7d";

/** The API server's configuration in this folder; as in the documentation, but for every webhook. */
function admissionConfiguration(folder: string): string {
  const kubeConfigFile = `${folder}/webhooks.kubeconfig`;
  Deno.writeTextFileSync(
    kubeConfigFile,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      users: [{ name: "*", user: { token: TOKEN } }],
    }),
  );
  const configuration = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "WebhookAdmissionConfiguration",
    kubeConfigFile,
  };
  const path = `${folder}/admission.json`;
  const plugins = ["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"]
    .map((name) => ({ name, configuration }));
  Deno.writeTextFileSync(
    path,
    JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins,
    }),
  );
  return path;
}

test("with a token of the API server strangers get no review, and it does", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const configuration = admissionConfiguration(folder);
    await using cluster = await startApiServer({
      apiServerArgs: [`--admission-control-config-file=${configuration}`],
    });
    await furnishKuma(cluster);
    const file = `${folder}/token`;
    Deno.writeTextFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
    await using program = await Program.start(cluster, {
      args: ["--admission-token-file", file],
    });
    await program.untilReady();
    // Returns once pods are injected and resources validated.
    await program.register(cluster);
    for (const authorization of [undefined, "Bearer 0123456789abcdef", `Basic ${TOKEN}`]) {
      const headers = {
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      };
      const answer = await program.ask("/inject-sidecar", { method: "POST", body: "{}", headers });
      assert.equal(answer.status, 401, answer.text);
      assert.match(answer.text, /API servers that send its token/);
    }
    assert.equal((await program.ask("/healthz")).status, 200, "the kubelet needs none");
    const { log } = await program.end();
    assert.doesNotMatch(log, new RegExp(TOKEN), "no token in a log");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
