import assert from "node:assert/strict";
import fc from "fast-check";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import { runs } from "tests/support/property.ts";
import { dataplaneObject, dataplanePatch, readDataplane } from "./object.ts";
import { type ClusterObjects, decideAbout, NODE_LABELS } from "./testing.ts";
import { dataplaneProblems } from "./validate.ts";

const RUNS = 10_000;

const reserved = [
  ...["kuma.io/service", "kuma.io/zone", "kuma.io/protocol", "kuma.io/instance", "kuma.io/mesh"],
  ...["k8s.kuma.io/namespace", "k8s.kuma.io/service-name", "k8s.kuma.io/service-port"],
];
const key = fc.constantFrom("app", "version", "a.b/c", "constructor", ...NODE_LABELS, ...reserved);
const value = fc.constantFrom("", "a", "b", "forged");
const labels = fc.dictionary(key, value, { maxKeys: 8 });
const port = fc.constantFrom(80, 8080, 9090, "web", "admin", "nowhere");
const protocol = fc.constantFrom(undefined, "TCP", "UDP");
const defined = (fields: Record<string, unknown>): JsonObject =>
  JSON.parse(JSON.stringify(fields)) as JsonObject;

const service = fc.record({
  name: fc.constantFrom("a", "b", "c-d", "c", "orders"),
  selector: fc.option(fc.dictionary(key, value, { maxKeys: 2 }), { nil: undefined }),
  clusterIP: fc.constantFrom(undefined, "None", "10.1.0.1"),
  type: fc.constantFrom(undefined, "ExternalName"),
  ports: fc.array(
    fc.record({
      name: fc.constantFrom(undefined, "x"),
      port: fc.integer({ min: 1, max: 65_535 }),
      targetPort: port,
      protocol,
      appProtocol: fc.constantFrom(undefined, "http", "HTTP2", "mongo"),
    }),
    { maxLength: 3 },
  ),
}).map(({ name, ...spec }) => defined({ metadata: { name, namespace: "shop" }, spec }));

const pod = fc.record({
  labels,
  gateway: fc.constantFrom(undefined, undefined, "enabled"),
  leaving: fc.boolean(),
  ready: fc.record({ app: fc.boolean(), "kuma-sidecar": fc.boolean() }),
  node: fc.boolean(),
}).map((one) =>
  defined({
    metadata: {
      name: "orders-1",
      namespace: "shop",
      uid: "u",
      labels: one.labels,
      annotations: { "kuma.io/sidecar-injected": "true", "kuma.io/gateway": one.gateway },
      deletionTimestamp: one.leaving ? "2026-01-01T00:00:00Z" : undefined,
    },
    spec: {
      nodeName: one.node ? "n" : undefined,
      containers: [{ name: "app", ports: [{ name: "web", containerPort: 8080 }] }, {
        name: "kuma-sidecar",
      }],
    },
    status: {
      podIP: "10.0.0.1",
      containerStatuses: Object.entries(one.ready).map(([name, ready]) => ({ name, ready })),
    },
  })
);

const cluster: fc.Arbitrary<ClusterObjects> = fc.record({
  pod,
  namespace: fc.constant({ metadata: { name: "shop" } }),
  node: labels.map((texts) => ({ metadata: { name: "n", labels: texts } })),
  services: fc.uniqueArray(service, {
    maxLength: 5,
    selector: (one) => (one.metadata as JsonObject).name,
  }),
  zone: fc.constantFrom("", "eu-1"),
  nodeLabelsToCopy: fc.constant([...NODE_LABELS, "app", ...reserved]),
  ignoredSelectorLabels: fc.constantFrom([], ["version"]),
});

/** Every set of tags of a spec. */
function tagSets(spec: JsonObject): JsonObject[] {
  const networking = spec.networking as JsonObject;
  const sides = isObject(networking.gateway) ? [networking.gateway] : objectsIn(networking.inbound);
  return sides.map(({ tags }) => tags as JsonObject);
}

Deno.test("no label of a pod or node can override a tag of Kuma, and the spec is always valid", () => {
  fc.assert(
    fc.property(cluster, (objects) => {
      const decision = decideAbout(objects);
      assert.equal(decision.is, "present");
      if (decision.is !== "present") return;
      const { spec } = decision.dataplane;
      assert.deepEqual(dataplaneProblems(spec), []);
      for (const tags of tagSets(spec)) {
        for (const [name, tag] of Object.entries(tags)) {
          assert.notEqual(tag, "");
          if (name.includes("kuma.io/")) assert.ok(tag !== "forged" && name !== "kuma.io/mesh");
        }
        assert.equal(tags["k8s.kuma.io/namespace"], "shop");
        assert.equal(tags["kuma.io/zone"], objects.zone === "" ? undefined : objects.zone);
        const { "k8s.kuma.io/service-name": of, "k8s.kuma.io/service-port": at } = tags;
        const service = of === undefined ? "orders-1_shop_svc" : `${of}_shop_svc_${at}`;
        assert.equal(tags["kuma.io/service"], service);
      }
    }),
    runs(RUNS),
  );
});

Deno.test("the order of what is given says nothing, and what was written is not written again", () => {
  const shuffled = fc.tuple(cluster, fc.infiniteStream(fc.nat()));
  fc.assert(
    fc.property(shuffled, ([objects, random]) => {
      const decision = decideAbout(objects);
      const order = <T>(list: readonly T[]): T[] =>
        list.map((one) => ({ one, at: random.next().value })).sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
      const turned = (map: unknown) => Object.fromEntries(order(Object.entries(map as JsonObject)));
      const { pod: { metadata, ...rest }, services = [] } = objects;
      const { labels: texts, ...meta } = metadata as JsonObject;
      const other = decideAbout({
        ...objects,
        pod: { ...rest, metadata: { ...meta, labels: turned(texts) } },
        services: order(services),
      });
      assert.equal(JSON.stringify(other), JSON.stringify(decision));
      if (decision.is !== "present") return;
      const there = readDataplane(dataplaneObject(decision.dataplane));
      assert.deepEqual(dataplanePatch(there, decision.dataplane), []);
    }),
    runs(RUNS),
  );
});
