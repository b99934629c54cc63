import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { parseKubeconfig } from "./kubeconfig.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const config = (changes: { server?: string; ca?: string; user?: string; extra?: string } = {}) =>
  `# comment
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: ${changes.server ?? "https://10.0.0.1:443"}
    certificate-authority-data: ${changes.ca ?? btoa(PEM)}
users:
- name: kuma-cni
  user:
    ${changes.user ?? "token: abc.def"}
contexts:
- name: kuma-cni-context
  context:
    cluster: local
    user: kuma-cni
current-context: kuma-cni-context${changes.extra ?? ""}`;

Deno.test("parseKubeconfig gives server, CA and token", async () => {
  assert.deepEqual(await parseKubeconfig(config(), "k"), {
    server: "https://10.0.0.1:443",
    caPem: PEM,
    caFile: undefined,
    token: "abc.def",
    tokenFile: undefined,
  });
});

Deno.test("parseKubeconfig reads what only the YAML package can", async () => {
  const text = config({
    server: "HTTPS://[fd00::1]:6443/",
    extra: " # why",
    user: "tokenFile: /t",
  });
  const read = await parseKubeconfig(text, "k");
  assert.equal(read.server, "HTTPS://[fd00::1]:6443");
  assert.equal(read.tokenFile, "/t");
  assert.equal(read.token, undefined);
});

Deno.test("parseKubeconfig reads what an editor of another system left: CRLF and a byte order mark", async () => {
  const plain = await parseKubeconfig(config(), "k");
  assert.deepEqual(await parseKubeconfig(config().replaceAll("\n", "\r\n"), "k"), plain);
  assert.deepEqual(await parseKubeconfig(`\uFEFF${config()}`, "k"), plain);
});

Deno.test("parseKubeconfig takes the token where there are other credentials too", async () => {
  const both = config({ user: "token: abc.def\n    username: a" });
  assert.equal((await parseKubeconfig(both, "k")).token, "abc.def");
});

Deno.test("parseKubeconfig takes client certificates, inline before files", async () => {
  const key = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
  const user = `client-certificate-data: ${
    btoa(PEM)
  }\n    client-certificate: /c\n    client-key: k`;
  const files = await parseKubeconfig(config({ user }), "k");
  assert.equal(files.certPem, PEM);
  assert.equal(files.certFile, undefined);
  assert.equal(files.keyFile, "k");
  const inline = await parseKubeconfig(
    config({ user: `client-certificate: c\n    client-key-data: ${btoa(key)}` }),
    "k",
  );
  assert.equal(inline.certFile, "c");
  assert.equal(inline.keyPem, key);
});

Deno.test("parseKubeconfig reads JSON, which is YAML too", async () => {
  const json = JSON.stringify({
    clusters: [{
      name: "c",
      cluster: { server: "http://127.0.0.1:1", "certificate-authority": "/c" },
    }],
    contexts: [{ name: "x", context: { cluster: "c" } }],
    "current-context": "x",
  });
  const read = await parseKubeconfig(json, "k");
  assert.equal(read.caFile, "/c");
  assert.equal(read.token, undefined);
});

for (
  const [what, text, says] of [
    ["empty", "", /not a mapping/],
    ["a list", "- a: b", /not a mapping/],
    ["not YAML", `a: [secret-token`, /not valid YAML at line 1/],
    ["no context", config().replace("current-context: kuma-cni-context", ""), /current-context/],
    ["unknown context", config().replace("current-context: kuma", "current-context: puma"), /puma/],
    ["no cluster", config().replace("cluster: local", "cluster: global"), /global/],
    ["no user", config().replace("user: kuma-cni", "user: nobody"), /nobody/],
    ["no URL", config({ server: "10.0.0.1" }), /no http/],
    ["URL with a path", config({ server: "https://a/b" }), /no http/],
    ["a password in the URL", config({ server: "https://a:secret-token@b" }), /no http/],
    ["exec beside a token", config({ user: "token: abc.def\n    exec: { command: aws }" }), /exec/],
    ["exec", config({ user: "exec: { command: aws }" }), /exec cannot be used/],
    [
      "a client certificate without its key",
      config({ user: "client-certificate: /c" }),
      /a client-certificate but no client-key/,
    ],
    ["a user name", config({ user: "username: a\n    password: secret-token" }), /username cannot/],
    [
      "no verification",
      config({ server: "https://a\n    insecure-skip-tls-verify: true" }),
      /insecure-skip-tls-verify/,
    ],
    ["a proxy", config({ server: "https://a\n    proxy-url: http://p" }), /proxy-url/],
    ["no base64", config({ ca: "a-b" }), /base64/],
    ["no PEM", config({ ca: btoa("hello") }), /PEM/],
    ["an alias bomb", "a: &a [x]\nb: [*a, *a]", /not valid YAML|current-context/],
  ] as const
) {
  Deno.test(`parseKubeconfig refuses ${what} and shows no secret`, async () => {
    await assert.rejects(parseKubeconfig(text, "/etc/k"), (error) => {
      assert.ok(error instanceof KumaError);
      assert.equal(error.code, "KUMA-HOST-165");
      assert.match(error.message, says);
      assert.match(error.message, /\/etc\/k/);
      assert.doesNotMatch(error.line, /secret-token|abc\.def/);
      return true;
    });
  });
}
