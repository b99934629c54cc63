import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { type Endpoint, endpointsOf, outboundsOf } from "./outbounds.ts";
import { readService } from "./read_facts.ts";

const services = new Map(
  [
    { name: "plain", spec: { clusterIP: "10.1.0.1" } },
    { name: "headless", spec: { clusterIP: "None" } },
    { name: "external", spec: { type: "ExternalName" } },
  ].map(({ name, spec }) => [
    `shop/${name}`,
    readService({ metadata: { namespace: "shop", name }, spec } as JsonObject),
  ]),
);
const serviceOf = (namespace: string, name: string) => services.get(`${namespace}/${name}`);

/** Endpoints by service; each is `address:port`, with an instance of that name. */
function endpoints(all: Record<string, string[]>): Map<string, Endpoint[]> {
  return new Map(
    Object.entries(all).map(([service, list]) => [
      service,
      list.map((one) => {
        const [address = "", port] = one.split(":");
        return { service, address, port: Number(port), instance: `at-${address}` };
      }),
    ]),
  );
}

const of = (reachable: string[], all: Record<string, string[]>) =>
  outboundsOf({ mesh: "m", address: "10.0.0.1", reachable }, endpoints(all), serviceOf);

Deno.test("a Service is reached by its cluster IP, a headless one by its pods but the own one", () => {
  const all = {
    plain_shop_svc_80: ["10.0.0.2:8080", "10.0.0.3:8080"],
    headless_shop_svc_81: ["10.0.0.9:9090", "10.0.0.1:9090", "10.0.0.2:9090"],
  };
  const headless = (address: string) => ({
    address,
    port: 9090,
    tags: { "kuma.io/service": "headless_shop_svc_81", "kuma.io/instance": `at-${address}` },
  });
  const plain = { address: "10.1.0.1", port: 80, tags: { "kuma.io/service": "plain_shop_svc_80" } };
  assert.deepEqual(of([], all), [headless("10.0.0.2"), headless("10.0.0.9"), plain]);
  assert.deepEqual(of(["plain_shop_svc_80"], all), [plain]);
});

Deno.test("tags that name no Service with an address give nothing", () => {
  const tags = ["app_shop_svc", "gone_shop_svc_80", "external_shop_svc_80", "a_b_svc_80_more"];
  const odd = ["plain_shop_other_80", "plain_shop_svc_http", "plain"];
  const all = Object.fromEntries([...tags, ...odd].map((tag) => [tag, ["10.0.0.2:80"]]));
  assert.deepEqual(of([], all), []);
});

Deno.test("endpoints are the inbounds that are not Ignored", () => {
  const tags = { "kuma.io/service": "s", "kuma.io/instance": "i" };
  assert.deepEqual(
    endpointsOf({
      networking: {
        address: "10.0.0.1",
        inbound: [
          { port: 1, tags },
          { port: 2, state: "NotReady", address: "10.0.0.2", tags: { "kuma.io/service": "t" } },
          { port: 3, state: "Ignored", tags },
          { port: 4, tags: {} },
        ],
      },
    }),
    [
      { service: "s", address: "10.0.0.1", port: 1, instance: "i" },
      { service: "t", address: "10.0.0.2", port: 2, instance: "" },
    ],
  );
  for (const spec of [undefined, null, {}, { networking: { gateway: {} } }]) {
    assert.deepEqual(endpointsOf(spec), []);
  }
});
