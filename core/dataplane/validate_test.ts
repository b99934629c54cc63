import assert from "node:assert/strict";
import { parse } from "yaml";
import type { Json, JsonObject } from "core/patch/json.ts";
import { dataplaneProblems } from "./validate.ts";

/** What is wrong, a line each. */
const lines = (spec: Json | undefined): string[] =>
  dataplaneProblems(spec).map(({ field, message }) => `${field}: ${message}`);

const sidecar = (over: JsonObject = {}, inbound: JsonObject = {}): JsonObject => ({
  networking: {
    address: "10.42.3.17",
    inbound: [{ port: 8080, tags: { "kuma.io/service": "a" }, ...inbound }],
    ...over,
  },
});
const gateway = (over: JsonObject, more: JsonObject = {}, spec: JsonObject = {}): JsonObject => ({
  networking: {
    address: "10.42.3.17",
    gateway: { tags: { "kuma.io/service": "edge" }, ...over },
    ...more,
  },
  ...spec,
});

Deno.test("what the control plane itself writes is right", () => {
  const whole = parse(`
networking:
  address: 10.42.3.17
  admin: {port: 9901}
  inbound:
  - port: 8080
    name: web
    health: {ready: true}
    tags:
      app: orders
      k8s.kuma.io/namespace: shop
      k8s.kuma.io/service-port: "80"
      topology.kubernetes.io/zone: eu-a
      kuma.io/protocol: http
      kuma.io/service: orders_shop_svc_80
  - port: 9090
    state: NotReady
    health: {}
    tags: {kuma.io/protocol: tcp, kuma.io/service: orders-admin_shop_svc_9090}
  transparentProxying:
    redirectPortInbound: 15006
    ipFamilyMode: DualStack
    reachableBackends: {refs: [{kind: MeshService, name: a, namespace: b}, {kind: MeshService, labels: {x: y}}]}
metrics:
  type: prometheus
  conf: {aggregate: [{name: app, path: /metrics, port: 8080, enabled: true}, {name: other}]}
probes:
  port: 9000
  endpoints: [{inboundPort: 8080, inboundPath: "/healthz?full=1", path: "/8080/healthz?full=1"}]
fromTheFuture: {a: 1}
`) as Json;
  assert.deepEqual(lines(whole), []);
  assert.deepEqual(lines({ ...whole as JsonObject, probes: { port: 9000 } }), []);
  assert.deepEqual(lines(sidecar({ transparentProxying: { reachableBackends: {} } })), []);
  assert.deepEqual(lines(gateway({})), []);
  assert.deepEqual(lines(gateway({ type: "BUILTIN" })), []);
});

Deno.test("the address is one proxy's", () => {
  const of = (address: Json) => lines(sidecar({ address }));
  for (const good of ["10.0.0.1", "fd00::1", "proxy.example.com", "localhost", "a_b.svc"]) {
    assert.deepEqual(of(good), [], good);
  }
  const field = "spec.networking.address";
  for (const empty of ["", null, 7]) assert.deepEqual(of(empty), [`${field}: cannot be empty`]);
  for (const any of ["0.0.0.0", "::"]) {
    assert.deepEqual(of(any), [`${field}: ${any} is no address of one proxy`]);
  }
  for (
    const bad of ["10.0.0", "10.0.0.256", "a b", "-a", "a..b", "http://a", "1:2", "x".repeat(254)]
  ) {
    assert.match(of(bad).join(), /^spec\.networking\.address: ".*neither an IP address nor/, bad);
  }
});

Deno.test("there are inbounds or a gateway, and a gateway has none", () => {
  const none = ["spec.networking: must have inbounds or a gateway"];
  assert.deepEqual(lines(sidecar({ inbound: [] })), none);
  assert.deepEqual(lines({ networking: { address: "10.0.0.1" } }), none);
  const inbound = [{ port: 1, tags: { "kuma.io/service": "a" } }];
  const both = ["spec.networking.inbound: a gateway has no inbounds"];
  assert.deepEqual(lines(gateway({}, { inbound })), both);
  const outbound = [{ port: 80 }];
  const probes = { port: 9000 };
  assert.deepEqual(lines(gateway({}, { outbound }, { probes })), [], "a delegated one has both");
  for (const type of ["BUILTIN", 1]) {
    assert.deepEqual(lines(gateway({ type }, { outbound }, { probes })), [
      "spec.networking.outbound: a builtin gateway has no outbounds",
      "spec.probes: a builtin gateway has no probes",
    ]);
  }
});

Deno.test("ports are ports", () => {
  const of = (inbound: JsonObject) => lines(sidecar({}, inbound));
  const text = "must be a port from 1 to 65535";
  const at = "spec.networking.inbound[0]";
  for (const port of [1, 65_535, "8080"]) assert.deepEqual(of({ port }), []);
  for (const port of [0, 65_536, -1, 1.5, "", "1e3", "0x50", null, {}]) {
    assert.deepEqual(of({ port }), [`${at}.port: ${text}`], JSON.stringify(port));
  }
  assert.deepEqual(of({ servicePort: 0 }), []);
  assert.deepEqual(of({ servicePort: 70_000 }), [`${at}.servicePort: ${text}`]);
  const outbound = [{ port: 80 }, { port: 0 }];
  assert.deepEqual(lines(sidecar({ outbound })), [`spec.networking.outbound[1].port: ${text}`]);
});

Deno.test("tags have a service, known protocols, and letters that Kuma takes", () => {
  const at = "spec.networking.inbound[0].tags";
  const of = (tags: Json) => lines(sidecar({}, { tags }));
  const service = { "kuma.io/service": "a" };
  assert.deepEqual(of({}), [`${at}["kuma.io/service"]: must be there`]);
  assert.deepEqual(of([]), [`${at}: must be an object`, `${at}["kuma.io/service"]: must be there`]);
  for (const protocol of ["http", "http2", "tcp", "tls", "grpc", "kafka", "HTTP"]) {
    assert.deepEqual(of({ ...service, "kuma.io/protocol": protocol }), []);
  }
  assert.deepEqual(of({ ...service, "kuma.io/protocol": "smtp" }), [
    `${at}["kuma.io/protocol"]: value "smtp" is not valid. Allowed values: grpc, http, http2, kafka, tcp, tls`,
  ]);
  const value = "a tag's value must have letters, digits and . - _ : only, and at least one";
  for (const bad of ["", "a b", "a/b", "ü", 7, null]) {
    assert.deepEqual(of({ ...service, x: bad }), [`${at}["x"]: ${value}`]);
  }
  const key = "a tag's name may have letters, digits and . - _ : / only";
  assert.deepEqual(of({ ...service, "a b": "c" }), [`${at}["a b"]: ${key}`]);
  assert.deepEqual(of({ ...service, "a.-_:/Z9": "a.-_:Z9" }), []);
  assert.deepEqual(lines(gateway({ tags: { ...service, "kuma.io/protocol": "http" } })), [
    'spec.networking.gateway.tags["kuma.io/protocol"]: value "http" is not valid. Allowed values: tcp',
  ]);
  assert.deepEqual(lines(gateway({ tags: { x: "y" } })), [
    'spec.networking.gateway.tags["kuma.io/service"]: must be there',
  ]);
});

Deno.test("probes have ports and absolute paths", () => {
  const of = (probes: Json) => lines({ ...sidecar(), probes });
  assert.deepEqual(of({}), ["spec.probes.port: must be a port from 1 to 65535"]);
  const endpoint = { inboundPort: 80, inboundPath: "/", path: "/80/" };
  assert.deepEqual(of({ port: 9000, endpoints: [endpoint] }), []);
  const at = "spec.probes.endpoints[0]";
  const one = (over: JsonObject) => of({ port: 9000, endpoints: [{ ...endpoint, ...over }] });
  assert.deepEqual(one({ inboundPort: 0 }), [`${at}.inboundPort: must be a port from 1 to 65535`]);
  for (const path of ["", "healthz", "http://a/", "/a b", null]) {
    assert.deepEqual(one({ path }), [`${at}.path: must be an absolute path`]);
    assert.deepEqual(one({ inboundPath: path }), [`${at}.inboundPath: must be an absolute path`]);
  }
});

Deno.test("a reachable backend is of a known kind, and named by name or by labels", () => {
  const at = "spec.networking.transparentProxying.reachableBackends.refs[0]";
  const of = (ref: JsonObject) =>
    lines(sidecar({ transparentProxying: { reachableBackends: { refs: [ref] } } }));
  for (const kind of ["MeshService", "MeshExternalService", "MeshMultiZoneService"]) {
    assert.deepEqual(of({ kind, name: "a" }), []);
  }
  const kinds = `${at}.kind: must be one of MeshService, MeshExternalService, MeshMultiZoneService`;
  assert.deepEqual(of({ kind: "Mesh", name: "a" }), [kinds]);
  assert.deepEqual(of({ name: "a" }), [kinds]);
  const kind = "MeshService";
  assert.deepEqual(of({ kind }), [`${at}: must have a name or labels`]);
  assert.deepEqual(of({ kind, labels: {} }), [`${at}: must have a name or labels`]);
  assert.deepEqual(of({ kind, namespace: "b" }), [`${at}.name: must be there beside a namespace`]);
  const both = [`${at}: must not have labels beside a name or namespace`];
  assert.deepEqual(of({ kind, name: "a", labels: { x: "y" } }), both);
  assert.deepEqual(of({ kind, namespace: "b", labels: { x: "y" } }), both);
});

Deno.test("aggregated metrics have a name of their own", () => {
  const aggregate = [{ name: "a" }, { name: "b" }, { name: "a" }];
  assert.deepEqual(lines({ ...sidecar(), metrics: { conf: { aggregate } } }), [
    'spec.metrics.conf.aggregate[2].name: "a" is there already',
  ]);
});

Deno.test("what is shaped otherwise is named, and at most twenty things are", () => {
  for (const spec of [undefined, null, {}]) {
    assert.deepEqual(lines(spec), [
      "spec.networking.address: cannot be empty",
      "spec.networking: must have inbounds or a gateway",
    ]);
  }
  assert.equal(lines([])[0], "spec: must be an object");
  assert.equal(lines({ networking: "x" })[0], "spec.networking: must be an object");
  const list = lines(sidecar({ outbound: {}, inbound: ["x"] }));
  assert.ok(list.includes("spec.networking.outbound: must be a list"));
  assert.ok(list.includes("spec.networking.inbound[0]: must be an object"));
  assert.equal(lines(sidecar({ outbound: Array(1000).fill({}) })).length, 20);
});
