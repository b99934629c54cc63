/**
 * Random pods and settings for properties of the injection.
 *
 * @module
 */
import fc from "fast-check";
import type { JsonObject } from "core/patch/json.ts";
import type { InjectionCase } from "core/inject/testing/cases_model.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const seconds = fc.integer({ min: 1, max: 100 });

const probe = fc.oneof(
  fc.record({
    httpGet: fc.record({
      port: fc.oneof(port, fc.constantFrom("web", "nope")),
      path: fc.constantFrom("/", "/a?b=c", "x", "/%20"),
      scheme: fc.constantFrom("HTTP", "HTTPS"),
    }, { requiredKeys: ["port"] }),
    timeoutSeconds: seconds,
  }, { requiredKeys: ["httpGet"] }),
  fc.record({ tcpSocket: fc.record({ port }) }),
  fc.record({
    grpc: fc.record({ port, service: fc.constantFrom("", "s") }),
    timeoutSeconds: seconds,
  }),
  fc.record({ exec: fc.constant({ command: ["true"] }) }),
);

const container = (name: string) =>
  fc.record({
    name: fc.constant(name),
    image: fc.constant("image:1"),
    ports: fc.constant([{ name: "web", containerPort: 8080 }]),
    livenessProbe: probe,
    readinessProbe: probe,
    securityContext: fc.record({ runAsUser: fc.constantFrom(0, 1000, 1001, 1002, 1003, 5678) }),
  }, { requiredKeys: ["name", "image"] });

/** Values that are right alone; some exclude each other. */
const annotation = {
  "kuma.io/gateway": fc.constantFrom("enabled", "disabled", "disabled", "provided"),
  "kuma.io/virtual-probes": fc.constantFrom("enabled", "disabled"),
  "kuma.io/virtual-probes-port": fc.constantFrom("0", "9000", "19000"),
  "kuma.io/application-probe-proxy-port": fc.constantFrom("0", "9001", "9100"),
  "kuma.io/builtin-dns": fc.constantFrom("yes", "no"),
  "kuma.io/builtin-dns-port": fc.constantFrom("0", "053", "65533"),
  "kuma.io/init-first": fc.constantFrom("true", "false"),
  "kuma.io/sidecar-drain-time": fc.constantFrom("1s", "1h"),
  "kuma.io/sidecar-env-vars": fc.constantFrom("A=b", "A=b;POD_NAME=x"),
  "kuma.io/sidecar-proxy-concurrency": fc.constantFrom("0", "4294967295"),
  "kuma.io/envoy-admin-port": fc.constantFrom("0", "9902"),
  "kuma.io/envoy-log-level": fc.string(),
  "kuma.io/service-account-token-volume": fc.constant("v"),
  "kuma.io/container-patches": fc.constantFrom("", "p", "p, p"),
  "kuma.io/transparent-proxying-ebpf": fc.constantFrom("true", "false"),
  "kuma.io/transparent-proxying-ip-family-mode": fc.constantFrom("ipv4", "IPV4", ""),
  "kuma.io/transparent-proxying-ebpf-bpf-fs-path": fc.constant("/run/bpf"),
  "kuma.io/transparent-proxying-ebpf-instance-ip-env-var-name": fc.constant("MY_IP"),
  "kuma.io/wait-for-dataplane-ready": fc.constantFrom("true", "false"),
  "traffic.kuma.io/exclude-inbound-ports": fc.constantFrom("", "80", "80, 443"),
  "traffic.kuma.io/exclude-outbound-ips": fc.constantFrom("", "10.0.0.0/8,fd00::1"),
  "traffic.kuma.io/exclude-outbound-ports-for-uids": fc.constantFrom("1000", "tcp:443:1-5;udp::7"),
  "traffic.kuma.io/exclude-outbound-tcp-ports-for-uids": fc.constantFrom("443:1234", "1"),
  "traffic.kuma.io/drop-invalid-packets": fc.constantFrom("true", "no"),
  "traffic.kuma.io/transparent-proxy-configmap-name": fc.constantFrom("tproxy", "gone"),
  "k8s.v1.cni.cncf.io/networks": fc.constantFrom("a", '[{"name":"a"}]'),
  "example.com/unknown": fc.string(),
};
const wrong = fc.tuple(
  fc.constantFrom(...Object.keys(annotation)),
  fc.constantFrom("", "x", "99999", "-1", "1.5", "gone"),
);
const annotations = fc.tuple(
  fc.record(annotation, { requiredKeys: [] }),
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: wrong }),
).map(([right, bad]) => bad === null ? right : { ...right, [bad[0]]: bad[1] });

/** A pod that an API server takes, save for what a wrong annotation does. */
export const pod = fc.record({
  annotations,
  label: fc.constantFrom(undefined, undefined, "enabled", "disabled"),
  containers: fc.oneof(
    fc.tuple(container("app")),
    fc.tuple(container("app"), container("second")),
  ),
  initContainers: fc.oneof(fc.constant([]), fc.tuple(container("early"))),
}).map(({ annotations, label, containers, initContainers }): JsonObject => {
  // Only a native sidecar may have probes among the init containers.
  const early = initContainers.map((one) =>
    one.livenessProbe === undefined
      ? { name: one.name, image: one.image }
      : { ...one, restartPolicy: "Always" }
  );
  const labels = {
    app: "a",
    ...(label === undefined ? {} : { "kuma.io/sidecar-injection": label }),
  };
  return JSON.parse(JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "demo", namespace: "app-ns", labels, annotations },
    spec: {
      automountServiceAccountToken: false,
      containers,
      volumes: [{ name: "v", emptyDir: {} }],
      ...(early.length > 0 ? { initContainers: early } : {}),
    },
  }));
});

/** Settings: native sidecars, and below `runtime.kubernetes.injector`. */
export const settings = fc.record({
  native: fc.boolean(),
  injector: fc.record({
    cniEnabled: fc.boolean(),
    virtualProbesEnabled: fc.boolean(),
    applicationProbeProxyPort: fc.constantFrom(0, 9001),
    ebpf: fc.record({ enabled: fc.boolean() }),
    builtinDNS: fc.record({ enabled: fc.boolean() }),
    containerPatches: fc.constantFrom([], ["p"]),
    transparentProxyConfigMap: fc.constantFrom("", "", "tproxy"),
    sidecarContainer: fc.record({
      uid: fc.constantFrom(5678, 1000),
      ipFamilyMode: fc.constantFrom("dualstack", "ipv4", ""),
      waitForDataplaneReady: fc.boolean(),
      redirectPortInbound: fc.constantFrom(0, 15006, 16006),
      envVars: fc.constantFrom({}, { A: "1", POD_NAME: "x" }),
    }, { requiredKeys: [] }),
    sidecarTraffic: fc.record({
      excludeInboundPorts: fc.constantFrom([], [22, 80]),
      excludeOutboundIPs: fc.constantFrom([], ["10.0.0.0/8"]),
    }, { requiredKeys: [] }),
  }, { requiredKeys: [] }),
});

const PATCH = { sidecarPatch: [{ op: "add", path: "/env/-", value: '{"name": "Z"}' }] };

/** The case that has them. */
export function caseOf(drawn: { native: boolean; injector: unknown }): InjectionCase {
  return {
    name: "drawn",
    file: "",
    settings: { experimental: { sidecarContainers: drawn.native } },
    injector: drawn.injector as JsonObject,
    patches: { p: PATCH },
    configMaps: { "kuma-system/tproxy": { "config.yaml": "redirect: {dns: {enabled: true}}" } },
  };
}
