/** Where the kubeconfig is looked for; that it is used is shown in tests/cluster. */
import assert from "node:assert/strict";
import { ParsedCommand } from "core/program/command.ts";
import { KumaError } from "core/errors.ts";
import { KUBECONFIG_FLAG } from "./flags.ts";
import { connect } from "./connect.ts";

const KUBECONFIG = (server: string) => `
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "${server}"}}]
users: [{name: a, user: {token: secret}}]
`;

const given = (path?: string) =>
  new ParsedCommand(
    { summary: "", flags: [KUBECONFIG_FLAG], examples: [] },
    path === undefined ? [] : [{ flag: "kubeconfig", value: path }],
    [],
  );

async function refused(environment: Record<string, string>, path?: string): Promise<string> {
  try {
    (await connect(given(path), { environment }))[Symbol.dispose]();
  } catch (thrown) {
    assert.ok(thrown instanceof KumaError && thrown.code === "KUMA-CP-010", String(thrown));
    return thrown.message;
  }
  return "";
}

Deno.test("the flag, then KUBECONFIG, then kubectl's own place, then the pod's account", async () => {
  const folder = await Deno.makeTempDir();
  const good = `${folder}/good`;
  await Deno.writeTextFile(good, KUBECONFIG("http://127.0.0.1:1"));
  const missing = `${folder}/missing`;
  assert.equal(await refused({ KUBECONFIG: missing }, good), "");
  assert.match(await refused({ KUBECONFIG: good }, missing), /missing.*does not exist/);
  assert.match(await refused({ KUBECONFIG: missing, HOME: folder }), /missing.*does not exist/);
  assert.match(await refused({ HOME: folder }), /KUBECONFIG is not set and this is no pod/);
  await Deno.mkdir(`${folder}/.kube`);
  await Deno.writeTextFile(`${folder}/.kube/config`, "a: [");
  assert.match(
    await refused({ HOME: folder }),
    /\.kube\/config" cannot be used: it is not valid YAML/,
  );
  await Deno.writeTextFile(`${folder}/.kube/config`, KUBECONFIG("http://127.0.0.1:1"));
  assert.equal(await refused({ HOME: folder }), "");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("several files are not guessed among", async () => {
  assert.match(await refused({ KUBECONFIG: "/a:/b" }), /^KUBECONFIG names several files: \/a:\/b$/);
});
