import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { viewMesh } from "./mesh.ts";
import { membershipProblem } from "core/dataplane/membership.ts";

const mesh = (dataplaneProxy: JsonObject) =>
  viewMesh({ spec: { constraints: { dataplaneProxy } } });
const inbounds = (...tags: JsonObject[]) => ({
  networking: { inbound: tags.map((one) => ({ tags: one })) },
});

Deno.test("of a Mesh its uid, constraints and Secrets are kept, whatever else is in it", () => {
  assert.deepEqual(viewMesh({}), {
    uid: "",
    requirements: [],
    restrictions: [],
    secrets: new Map(),
  });
  const odd = { constraints: [], mtls: { backends: [1, { conf: null }, { name: "b" }] } };
  assert.deepEqual(viewMesh({ metadata: { uid: "u" }, spec: odd }), {
    uid: "u",
    requirements: [],
    restrictions: [],
    secrets: new Map(),
  });
});

Deno.test("each inbound must fit one requirement and no restriction", () => {
  const both = mesh({
    requirements: [{ tags: { team: "a" } }, { tags: { team: "b", env: "*" } }],
    restrictions: [{ tags: { env: "dev" } }],
  });
  assert.equal(membershipProblem(inbounds({ team: "a" }), both), undefined);
  assert.equal(
    membershipProblem(inbounds({ team: "a" }, { team: "b", env: "x" }), both),
    undefined,
  );
  const unfulfilled = 'its tags {"team":"b"} fulfil no requirement of it';
  assert.equal(membershipProblem(inbounds({ team: "a" }, { team: "b" }), both), unfulfilled);
  const restricted = 'its tags {"team":"a","env":"dev"} are restricted there';
  assert.equal(membershipProblem(inbounds({ team: "a", env: "dev" }), both), restricted);
  const gateway = { networking: { gateway: { tags: { team: "c" } } } };
  assert.match(String(membershipProblem(gateway, both)), /^its tags \{"team":"c"\} fulfil no/);
});

Deno.test("without constraints everybody may join", () => {
  for (const one of [mesh({}), mesh({ requirements: [] })]) {
    assert.equal(membershipProblem(inbounds({}), one), undefined);
  }
});
