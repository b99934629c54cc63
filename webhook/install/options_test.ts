import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { type InstallFlags, installOptions } from "./options.ts";

const FLAGS: InstallFlags = {
  image: "registry.example/kuma-webhook:1",
  replicas: "2",
  service: "kuma-webhook",
  tlsSecret: "kuma-webhook-tls",
  failurePolicy: "Fail",
  drainTime: "10",
  besideKuma: false,
};
const document = (text: string) => ({ name: "cp.yaml", text });

Deno.test("flags become settings of the webhook", () => {
  const { namespace, environment } = installOptions({
    ...FLAGS,
    namespace: "mesh",
    controlPlaneService: "cp",
    controlPlanePort: "5679",
    controlPlaneCaSecret: "kuma-tls-cert",
    sidecarImage: "registry.example:5000/kuma-dp@sha256:0a",
    initImage: "kuma-init:2",
  });
  assert.equal(namespace, "mesh");
  assert.deepEqual(environment.map(({ name, value }) => `${name}=${value}`), [
    "KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE=mesh",
    "KUMA_RUNTIME_KUBERNETES_CONTROL_PLANE_SERVICE_NAME=cp",
    "KUMA_DP_SERVER_PORT=5679",
    "KUMA_RUNTIME_KUBERNETES_INJECTOR_CA_CERT_FILE=/etc/kuma-webhook/control-plane-ca/ca.crt",
    "KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_IMAGE=registry.example:5000/kuma-dp@sha256:0a",
    "KUMA_INJECTOR_INIT_CONTAINER_IMAGE=kuma-init:2",
  ]);
});

Deno.test("the document gives namespace and port, a flag wins over it", () => {
  const text = "store: {kubernetes: {systemNamespace: ours}}\n" +
    "runtime: {kubernetes: {admissionServer: {port: 8443}, injector: {transparentProxyConfigMap: t}}}";
  const read = installOptions(FLAGS, document(text));
  assert.equal(read.namespace, "ours");
  assert.equal(read.port, 8443);
  assert.equal(read.readsConfigMaps, true);
  assert.equal(read.document, text);
  assert.equal(installOptions({ ...FLAGS, namespace: "mine" }, document(text)).namespace, "mine");
});

const INJECTOR = "runtime: {kubernetes: {injector: {caCertFile: /ca.crt}}}";
const SERVER = (what: string) => `runtime: {kubernetes: {admissionServer: {${what}}}}`;
const BAD: [string, Partial<InstallFlags>, string | undefined, RegExp][] = [
  ["an image with a blank", { image: "a b" }, undefined, /^--image: "a b" is not the name/],
  ["an image that looks like a flag", { image: "--x" }, undefined, /^--image: /],
  ["a namespace in capitals", { namespace: "Kuma" }, undefined, /^--namespace: /],
  ["a namespace too long", { namespace: "a".repeat(64) }, undefined, /^--namespace: /],
  ["no replicas", { replicas: "0" }, undefined, /^--replicas: "0" is not a whole number/],
  ["replicas in words", { replicas: "1e2" }, undefined, /^--replicas: /],
  ["a Service that starts with a digit", { service: "1a" }, undefined, /^--service: /],
  ["a Secret with a slash", { tlsSecret: "a/b" }, undefined, /^--tls-secret: /],
  ["another policy", { failurePolicy: "fail" }, undefined, /^--failure-policy: /],
  ["a negative drain time", { drainTime: "-1" }, undefined, /^--drain-time: /],
  ["a port too high", { controlPlanePort: "65536" }, undefined, /^--control-plane-port: "65536"/],
  ["a line break", { service: "a\nb" }, undefined, /^--service: "a\\nb" is not/],
  ["a CA file that no pod has", {}, INJECTOR, /caCertFile: the pod has no file \/ca\.crt/],
  ["an address", {}, SERVER("address: 127.0.0.1"), /admissionServer\.address: API servers/],
  ["port 0", {}, SERVER("port: 0"), /admissionServer\.port: 0 is no port/],
  ["a document of 1 MB and more", {}, `# ${"x".repeat(1e6)}`, /^--config-file: .*1000000 bytes/],
];

for (const [name, flags, text, message] of BAD) {
  Deno.test(`manifests refuses ${name}`, () => {
    const bad = () =>
      installOptions({ ...FLAGS, ...flags }, text === undefined ? undefined : document(text));
    assert.throws(bad, (error) => {
      assert.ok(error instanceof KumaError);
      assert.equal(error.code, "KUMA-WH-030");
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("a wrong key of the document is named", () => {
  const text = "dpServer: {port: many}";
  assert.throws(() => installOptions(FLAGS, document(text)), {
    code: "KUMA-WH-001",
    message: /^cp\.yaml: dpServer\.port: "many" is not/,
  });
});
