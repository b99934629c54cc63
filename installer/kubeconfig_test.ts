import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  ensureKubeconfig,
  isKubeconfig,
  kubeconfigText,
  serverUrl,
  tokenIn,
} from "./kubeconfig.ts";
import { TestDir } from "./testing.ts";

Deno.test("the server's URL, with an IPv6 address in brackets", () => {
  const api = { protocol: "https", port: "443" };
  assert.equal(serverUrl({ ...api, host: "10.96.0.1" }), "https://10.96.0.1:443");
  assert.equal(serverUrl({ ...api, host: "fd00::1" }), "https://[fd00::1]:443");
  assert.equal(serverUrl({ ...api, host: "[fd00::1]" }), "https://[fd00::1]:443");
  for (const host of ["", "a b", "x/y", `a"\n`]) {
    assert.throws(() => serverUrl({ ...api, host }), { code: "KUMA-INS-012" });
  }
  assert.throws(() => serverUrl({ ...api, host: "a", port: "" }), { code: "KUMA-INS-012" });
});

Deno.test("the text is the kubeconfig that Kuma writes", () => {
  const text = kubeconfigText("https://10.0.0.1:443", { token: "a.b.c", ca: "PEM\n" });
  assert.ok(text.startsWith("# ") && !text.endsWith("\n"));
  assert.deepEqual(parse(text), {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "local",
      cluster: { server: "https://10.0.0.1:443", "certificate-authority-data": btoa("PEM\n") },
    }],
    users: [{ name: "kuma-cni", user: { token: "a.b.c" } }],
    contexts: [{ name: "kuma-cni-context", context: { cluster: "local", user: "kuma-cni" } }],
    "current-context": "kuma-cni-context",
  });
  assert.equal(tokenIn(text, "https://10.0.0.1:443", "PEM\n"), "a.b.c");
  assert.equal(tokenIn(text, "https://10.0.0.2:443", "PEM\n"), undefined);
  assert.equal(tokenIn(`${text}\n`, "https://10.0.0.1:443", "PEM\n"), undefined);
});

Deno.test("it is written only when it differs, and for root only", () => {
  using dir = new TestDir();
  assert.equal(ensureKubeconfig(dir.places, "one"), true);
  assert.equal(ensureKubeconfig(dir.places, "one"), false);
  Deno.chmodSync(dir.places.kubeconfig, 0o644);
  assert.equal(isKubeconfig(dir.places, "one"), false);
  assert.equal(ensureKubeconfig(dir.places, "one"), true);
  assert.equal((Deno.statSync(dir.places.kubeconfig).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(dir.names(), ["ZZZ-kuma-cni-kubeconfig"]);
});
