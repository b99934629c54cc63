import assert from "node:assert/strict";
import { parse } from "yaml";
import { isObject, type Json, jsonCopy, type JsonObject } from "core/patch/json.ts";
import type { Decision } from "./decision.ts";
import { contentText, dataplaneObject, dataplanePatch, readDataplane } from "./object.ts";
import { type ClusterObjects, decideAbout } from "./testing.ts";
import { dataplaneProblems } from "./validate.ts";

/** A case as it is written in `testdata/*.yaml`; exactly one expectation of a kind of decision is there. */
interface Case {
  name: string;
  /** Merged over the base pod; null takes a member away. */
  pod?: JsonObject;
  /** The whole pod, in place of the base. */
  wholePod?: JsonObject;
  namespace?: JsonObject | null;
  node?: JsonObject | null;
  services?: JsonObject[];
  slices?: JsonObject[];
  owners?: JsonObject[];
  meshes?: JsonObject[];
  zone?: string;
  nodeLabelsToCopy?: string[];
  ignoredSelectorLabels?: string[];
  /** The whole spec. */
  spec?: JsonObject;
  /** Parts of the object by path, such as `spec/networking/inbound`; null for nothing. */
  parts?: JsonObject;
  ignored?: string;
  absent?: string;
  waiting?: string;
  problems?: string[];
  warnings?: string[];
}

const FOLDER = new URL("./testdata/", import.meta.url);
const base = parse(Deno.readTextFileSync(new URL("base.yaml", FOLDER))) as {
  pod: JsonObject;
  namespace: JsonObject;
  node: JsonObject;
};

const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
let cases = 0;
for (const file of files.filter((name) => name !== "base.yaml")) {
  for (const one of parse(Deno.readTextFileSync(new URL(file, FOLDER))) as Case[]) {
    cases++;
    Deno.test(`${file}: ${one.name}`, () => check(one));
  }
}

Deno.test("there are sixty cases and more", () => assert.ok(cases >= 60, `${cases} cases`));

function check(one: Case): void {
  const objects = objectsOf(one);
  const before = jsonCopy(objects as unknown as JsonObject);
  const decision = decideAbout(objects);
  assert.deepEqual(objects as unknown, before, "the objects are left alone");
  assert.deepEqual(decideAbout(mirrored(objects)), decision, "order says nothing");
  const expectations = [one.spec, one.parts, one.ignored, one.absent, one.waiting, one.problems];
  assert.ok(expectations.some((it) => it !== undefined), "a case says what it expects");
  switch (decision.is) {
    case "ignored":
      return assert.equal(decision.why, one.ignored);
    case "absent":
      return assert.equal(decision.why, one.absent);
    case "waiting":
      return assert.equal(decision.what, one.waiting);
    case "faulty": {
      const lines = decision.problems.map(({ field, message }) => `${field}: ${message}`);
      assert.deepEqual(lines, one.problems);
      break;
    }
    case "present":
      checkDataplane(decision, one);
  }
  assert.deepEqual(decision.warnings.map(({ message }) => message), one.warnings ?? []);
}

function checkDataplane({ dataplane }: Decision & { is: "present" }, one: Case): void {
  const object = dataplaneObject(dataplane);
  const wanted = one.spec ?? one.parts;
  assert.ok(wanted !== undefined, `a Dataplane was not expected: ${JSON.stringify(object)}`);
  if (one.spec !== undefined) assert.deepEqual(object.spec, one.spec);
  for (const [path, value] of Object.entries(one.parts ?? {})) {
    assert.deepEqual(at(object, path) ?? null, value, path);
  }
  assert.deepEqual(dataplaneProblems(dataplane.spec), []);
  // What was written is read as what was wanted: nothing would be written again.
  assert.equal(readDataplane(object).text, contentText(dataplane.mesh, dataplane.spec));
  assert.deepEqual(dataplanePatch(readDataplane(object), dataplane), []);
}

function at(object: JsonObject, path: string): Json | undefined {
  return path.split("/").reduce<Json | undefined>((value, token) => {
    const key = token.replaceAll("~1", "/");
    if (Array.isArray(value)) return value[Number(key)];
    return isObject(value) ? value[key] : undefined;
  }, object);
}

function objectsOf(one: Case): ClusterObjects {
  const { services, slices, owners, meshes, zone, nodeLabelsToCopy, ignoredSelectorLabels } = one;
  const given = { services, slices, owners, meshes, zone, nodeLabelsToCopy, ignoredSelectorLabels };
  const { namespace = base.namespace, node = base.node } = one;
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    pod: one.wholePod ?? merged(base.pod, one.pod ?? {}) as JsonObject,
    ...(namespace === null ? {} : { namespace }),
    ...(node === null ? {} : { node }),
  };
}

/** The same objects with maps and unordered lists the other way round. */
function mirrored(objects: ClusterObjects): ClusterObjects {
  const turned = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(turned);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).reverse().map(([key, member]) => [key, turned(member)]),
    );
  };
  const lists = ["services", "slices", "owners", "meshes"] as const;
  const copy = turned(objects as unknown as JsonObject) as unknown as ClusterObjects;
  return {
    ...copy,
    ...Object.fromEntries(
      lists.flatMap((name) => copy[name] === undefined ? [] : [[name, [...copy[name]].reverse()]]),
    ),
  };
}

/** A merge patch, RFC 7396. */
function merged(value: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result = isObject(value) ? { ...value } : {};
  for (const [key, member] of Object.entries(patch)) {
    if (member === null) delete result[key];
    else result[key] = merged(result[key], member);
  }
  return result;
}
