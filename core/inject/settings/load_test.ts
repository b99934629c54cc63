import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { loadSettings } from "./load.ts";
import { SETTINGS } from "./table.ts";

const file = (text: string) => ({ name: "kuma-cp.yaml", text });

Deno.test("without a source every setting has its default", () => {
  const { settings, origins, warnings } = loadSettings(undefined, {});
  assert.equal(settings.sidecarImage, "kuma/kuma-dp:latest");
  assert.equal(settings.probeProxyPort, 9001);
  assert.deepEqual(settings.exceptionLabels, {
    "openshift.io/build.name": "*",
    "openshift.io/deployer-pod-for.name": "*",
  });
  assert.ok(Object.values(origins).every((origin) => origin === "default"));
  assert.deepEqual(warnings, []);
});

Deno.test("the document over the defaults, the environment over the document", () => {
  const document = file(`
mode: zone
experimental: {sidecarContainers: true}
runtime:
  kubernetes:
    injector:
      exceptions: {labels: {app.kubernetes.io/skip: "yes"}}
      sidecarContainer: {uid: 1000, drainTime: 60s, envVars: {A: "1", B: 2}, resources: {limits: {cpu: 2}}}
      sidecarTraffic: {excludeInboundPorts: [80, "443"], excludeOutboundIPs: [10.0.0.0/8]}
      containerPatches: [a, b]
`);
  const { settings, origins } = loadSettings(document, {
    KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_UID: "2000",
    KUMA_RUNTIME_KUBERNETES_INJECTOR_CONTAINER_PATCHES: "",
    KUMA_RUNTIME_KUBERNETES_INJECTOR_CNI_ENABLED: "1",
    KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_ENV_VARS: "X:1,Y:2",
  });
  assert.equal(settings.uid, 2000);
  assert.equal(origins.uid, "KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_UID");
  assert.equal(settings.drainTime, "1m0s");
  assert.equal(
    origins.drainTime,
    "kuma-cp.yaml: runtime.kubernetes.injector.sidecarContainer.drainTime",
  );
  assert.deepEqual(settings.containerPatches, [], "an empty variable is an empty list");
  assert.deepEqual(settings.excludeInboundPorts, ["80", "443"]);
  assert.deepEqual(settings.excludeOutboundIps, ["10.0.0.0/8"]);
  assert.deepEqual(settings.exceptionLabels, {
    "openshift.io/build.name": "*",
    "openshift.io/deployer-pod-for.name": "*",
    "app.kubernetes.io/skip": "yes",
  }, "a document's map lies over the defaults");
  assert.deepEqual(settings.sidecarEnvVars, { X: "1", Y: "2" });
  assert.equal(settings.limitCpu, "2");
  assert.equal(settings.cniEnabled, true);
  assert.equal(settings.nativeSidecars, true);
});

Deno.test("the settings about resources, from the document and over it", () => {
  const document = file(`
multizone: {zone: {name: eu-1, globalAddress: "grpcs://global:5685"}}
store: {unsafeDelete: true}
runtime: {kubernetes: {skipMeshOwnerReference: true, allowedUsers: [a], serviceAccountName: b}}
`);
  const read = (environment: Record<string, string>) => {
    const { settings } = loadSettings(document, environment);
    const { zoneName, globalAddress, unsafeDelete, skipMeshOwnerReference } = settings;
    const { allowedUsers, serviceAccountName } = settings;
    return [
      zoneName,
      globalAddress,
      unsafeDelete,
      skipMeshOwnerReference,
      allowedUsers,
      serviceAccountName,
    ];
  };
  assert.deepEqual(read({}), ["eu-1", "grpcs://global:5685", true, true, ["a"], "b"]);
  const over = {
    KUMA_MULTIZONE_ZONE_NAME: "us-2",
    KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: "",
    KUMA_STORE_UNSAFE_DELETE: "false",
    KUMA_RUNTIME_KUBERNETES_SKIP_MESH_OWNER_REFERENCE: "0",
    KUMA_RUNTIME_KUBERNETES_ALLOWED_USERS: "system:serviceaccount:a:b,c",
    KUMA_RUNTIME_KUBERNETES_SERVICE_ACCOUNT_NAME: "d",
  };
  const users = ["system:serviceaccount:a:b", "c"];
  assert.deepEqual(read(over), ["us-2", "", false, false, users, "d"]);
});

const BAD: [string, Record<string, string>, RegExp][] = [
  ["runtime: {kubernetes: {admissionServer: {port: 70000}}}", {}, /admissionServer\.port: "70000"/],
  [
    "",
    { KUMA_RUNTIME_KUBERNETES_INJECTOR_CNI_ENABLED: "maybe" },
    /CNI_ENABLED: "maybe" is not true/,
  ],
  ["runtime: {kubernetes: {injector: {sidecarContainer: {image: ''}}}}", {}, /name of an image/],
  ["runtime: {kubernetes: {injector: {sidecarContainer: {drainTime: 0s}}}}", {}, /above zero/],
  ["", { KUMA_RUNTIME_KUBERNETES_INJECTOR_SIDECAR_CONTAINER_DRAIN_TIME: "5" }, /missing unit/],
  ["", { KUMA_INJECTOR_SIDECAR_CONTAINER_RESOURCES_LIMITS_CPU: "lots" }, /quantity/],
  ["", { KUMA_RUNTIME_KUBERNETES_EXCEPTIONS_LABELS: "novalue" }, /key:value/],
  [
    "",
    { KUMA_RUNTIME_KUBERNETES_SIDECAR_TRAFFIC_EXCLUDE_INBOUND_PORTS: "80,x" },
    /"x" is not a port/,
  ],
  ["runtime: {kubernetes: {injector: {sidecarContainer: {ipFamilyMode: ipv6}}}}", {}, /one of/],
  ["runtime: {kubernetes: {injector: {cniEnabled: yes please}}}", {}, /not true or false/],
  ["a: b: c", {}, /^kuma-cp\.yaml:1:4: /],
  ["[1]", {}, /must be a map/],
  ["mode: zone\nmode: global", {}, /^kuma-cp\.yaml:2:1: the key 'mode' is there twice$/],
  ["mode: zone\nMode: global", {}, /^kuma-cp\.yaml: the key mode is there twice, as Mode too$/],
  ["runtime: {kubernetes: {admissionServer: {port: 080.5}}}", {}, /port: "80\.5" is not a whole/],
];

for (const [text, environment, message] of BAD) {
  Deno.test(`settings are refused: ${text} ${JSON.stringify(environment)}`, () => {
    assert.throws(
      () => loadSettings(file(text), environment),
      (thrown: unknown) =>
        thrown instanceof KumaError && thrown.code === "KUMA-WH-001" &&
        message.test(thrown.message),
    );
  });
}

Deno.test("documents are read by the rules of Kuma's YAML library", () => {
  const { settings, warnings } = loadSettings(
    file(`
defaults: &resources {limits: {cpu: 0x3, memory: 1_000}, requests: {cpu: 100m}}
Runtime:
  Kubernetes:
    admissionServer: {port: 5443.0}
    injector:
      cniEnabled: yes
      builtinDNS: {enabled: Off, port: 010}
      virtualProbesPort:
      virtualProbesEnabled: ~
      containerPatches:
      sidecarContainer:
        uid: 0o1750
        gid: null
        drainTime:
        resources:
          <<: *resources
---
runtime: {kubernetes: {injector: {sidecarContainer: {uid: 7}}}}
`),
    {},
  );
  assert.equal(settings.serverPort, 5443);
  assert.deepEqual([settings.cniEnabled, settings.builtinDns], [true, false]);
  assert.equal(settings.builtinDnsPort, 8);
  assert.deepEqual([settings.virtualProbesPort, settings.virtualProbes], [9000, true]);
  assert.deepEqual(settings.containerPatches, []);
  assert.deepEqual([settings.uid, settings.gid, settings.drainTime], [1000, 5678, "30s"]);
  assert.deepEqual([settings.limitCpu, settings.limitMemory], ["3", "1000"]);
  assert.deepEqual([settings.requestCpu, settings.requestMemory], ["100m", "64Mi"]);
  assert.deepEqual(warnings, [
    "kuma-cp.yaml:8:40: '010' is 8 in YAML 1.1; write 8, or quote it",
    "kuma-cp.yaml:18:1: only the first document counts; what follows here is ignored",
  ]);
});

Deno.test("a mistyped key of the injector is warned about, others are the control plane's", () => {
  const { warnings } = loadSettings(
    file(
      "{other: 1, runtime: {kubernetes: {injector: {nodeLabelsToCopy: [], sidecarContaner: {uid: 1}}}}}",
    ),
    {},
  );
  assert.deepEqual(warnings, [
    "runtime.kubernetes.injector.sidecarContaner is not a setting of the webhook and has no effect",
  ]);
});

Deno.test("every key and every variable is there once", () => {
  const settings = Object.values(SETTINGS);
  assert.equal(new Set(settings.map((setting) => setting.key)).size, settings.length);
  assert.equal(new Set(settings.map((setting) => setting.env)).size, settings.length);
});

Deno.test("a map of the document changes the default's entries, a variable replaces them", () => {
  const labels = (text: string, environment = {}) =>
    loadSettings(
      file(`runtime: {kubernetes: {injector: {exceptions: {labels: ${text}}}}}`),
      environment,
    ).settings.exceptionLabels;
  const others = { "openshift.io/deployer-pod-for.name": "*" };
  assert.deepEqual(labels('{openshift.io/build.name: "7"}'), {
    "openshift.io/build.name": "7",
    ...others,
  });
  assert.deepEqual(labels("{}"), { "openshift.io/build.name": "*", ...others });
  assert.deepEqual(labels("null"), {});
  const variable = { KUMA_RUNTIME_KUBERNETES_EXCEPTIONS_LABELS: "a:b" };
  assert.deepEqual(labels("{c: d}", variable), { a: "b" });
});
