import assert from "node:assert/strict";
import { DEFAULTED, kumaKind, OWNED, VALIDATED } from "./kuma_kinds.ts";

Deno.test("the lists are as long as Kuma's, and nothing is on one twice", () => {
  // 16 plugin policies and 4 plugin resources are on each; the rest as counted in the chart's rules.
  for (const [list, own] of [[DEFAULTED, 11], [OWNED, 15], [VALIDATED, 19]] as const) {
    assert.equal(list.length, own + 20);
    assert.equal(new Set(list).size, list.length);
  }
});

Deno.test("every kind on a list is known, but for those that only Kubernetes knows", () => {
  const unknown = [...DEFAULTED, ...OWNED, ...VALIDATED].filter((one) =>
    kumaKind("kuma.io", one) === undefined
  );
  assert.deepEqual(unknown, ["meshgatewayinstances", "containerpatches"]);
  assert.equal(kumaKind("apps", "meshes"), undefined);
  assert.equal(kumaKind("kuma.io", "constructor"), undefined);
});

Deno.test("policies of old say their mesh in a field, plugins in a label, some nowhere", () => {
  const of = (resource: string) => {
    const kind = kumaKind("kuma.io", resource);
    return `${kind?.mesh} ${kind?.plugin}`;
  };
  assert.equal(of("trafficpermissions"), "field false");
  assert.equal(of("dataplanes"), "field false");
  assert.equal(of("meshtrafficpermissions"), "label true");
  assert.equal(of("meshservices"), "label true");
  assert.equal(of("hostnamegenerators"), "none true");
  assert.equal(of("zoneingresses"), "none false");
  assert.equal(of("meshes"), "none false");
});
