/** Whether the explanation names what decided each field: for every case, and for ten pods by hand. */
import assert from "node:assert/strict";
import { type DecidedField, decidedFields, explainPod } from "./explain.ts";
import { changedFields } from "./fields.ts";
import { injectPod } from "../inject.ts";
import { viewPod } from "../pod.ts";
import { contextOf } from "../testing/cases_context.ts";
import { allCases, type InjectionCase, inputPod } from "../testing/cases_model.ts";
import { BY_HAND } from "./testing_cases.ts";

async function fieldsOf(one: InjectionCase): Promise<DecidedField[]> {
  const pod = viewPod(inputPod(one), "app-ns");
  const context = contextOf(one);
  return await decidedFields(pod, await injectPod(pod, context), context);
}

Deno.test("every field of every case has something that decided it", async () => {
  for (const one of allCases().filter((some) => some.injected !== undefined)) {
    const fields = await fieldsOf(one);
    const unknown = fields.filter((field) => field.source === "unknown" || field.source === "");
    assert.deepEqual(unknown, [], one.name);
    const { pod } = await injectPod(viewPod(inputPod(one), "app-ns"), contextOf(one));
    const paths = new Set(fields.map((field) => field.path));
    for (const { path } of changedFields(inputPod(one), pod)) assert.ok(paths.has(path), path);
  }
});

for (const [name, more, expected] of BY_HAND) {
  Deno.test(`what decided the fields of a pod: ${name}`, async () => {
    const fields = await fieldsOf({ name, file: "", ...more });
    for (const [path, value, source] of expected) {
      const field = fields.find((some) => some.path === path);
      assert.ok(field !== undefined, `${path} is not explained`);
      assert.ok(field.value.includes(value), `${path} is ${field.value}`);
      assert.ok(field.source.includes(source), `${path}: ${field.source}`);
    }
  });
}

Deno.test("a flag and its value are one field, also where they are two arguments", async () => {
  const fields = await fieldsOf({
    name: "",
    file: "",
    injector: { cniEnabled: true, sidecarContainer: { redirectPortInbound: 16006 } },
  });
  const path = "spec.initContainers[kuma-validation].args[--validation-server-port]";
  assert.deepEqual(fields.find((field) => field.path === path), {
    path,
    value: "--validation-server-port 16006",
    source: "setting case: runtime.kubernetes.injector.sidecarContainer.redirectPortInbound",
  });
});

Deno.test("what is said to be always so is the same in every case", async () => {
  const known = new Map<string, string>();
  for (const one of allCases().filter((some) => some.injected !== undefined)) {
    for (const { path, value, source } of await fieldsOf(one)) {
      if (source !== "always") continue;
      assert.equal(value, known.get(path) ?? value, `${path} in ${one.name}`);
      known.set(path, value);
    }
  }
  assert.ok(known.size > 30, `only ${known.size} fields are always so`);
});

const explained = (more: Partial<InjectionCase>) => {
  const one = { name: "", file: "", ...more };
  return explainPod(inputPod(one), "app-ns", contextOf(one));
};

Deno.test("the text has the verdict first, then options, fields, warnings and the difference", async () => {
  const text = await explained({ annotations: { "kuma.io/transparent-proxying": "disabled" } });
  assert.ok(
    text.startsWith(
      "Pod app-ns/demo would be injected: the label of namespace app-ns kuma.io/sidecar-injection is\n" +
        "  enabled\n",
    ),
    text,
  );
  assert.match(text, /\nOptions, .*\n {2}mesh +default +no label names another\n/);
  assert.match(text, /\nFields, .*\n {2}metadata\.(annotations|labels)\[/);
  assert.match(text, /\nwarning: annotation kuma\.io\/transparent-proxying cannot be disabled\n/);
  assert.match(
    text,
    /\nThe difference:\n apiVersion: v1\n.*\n- {4}kuma\.io\/transparent-proxying: disabled\n/s,
  );
  assert.match(text, /\n\+ {4}- name: kuma-sidecar\n.*\n {5}- name: app\n/s);
  assert.doesNotMatch(text, /[&*]a1\b/);
});

Deno.test("a pod that is left alone or denied is told why, in a line that names it", async () => {
  assert.equal(
    await explained({ labels: { "kuma.io/sidecar-injection": "disabled" } }),
    "Pod app-ns/demo would not be injected: the pod's label kuma.io/sidecar-injection is disabled\n",
  );
  assert.equal(
    await explained({
      namespace: { labels: {} },
      annotations: { "kuma.io/sidecar-injection": "enabled" },
    }),
    "Pod app-ns/demo would not be injected: neither the pod nor namespace app-ns has the label\n" +
      "  kuma.io/sidecar-injection\nwarning: annotation kuma.io/sidecar-injection has no effect, use the " +
      "label of that name\n",
  );
  assert.equal(
    await explained({ annotations: { "kuma.io/init-first": "first" } }),
    'Pod app-ns/demo would be denied: annotation "kuma.io/init-first" has wrong value "first"\n' +
      "  (KUMA-WH-002)\n",
  );
});

Deno.test("patches that only work together are named together", async () => {
  const fields = await fieldsOf({
    name: "",
    file: "",
    annotations: { "kuma.io/container-patches": "half,whole" },
    patches: {
      half: { sidecarPatch: [{ op: "remove", path: "/image" }] },
      whole: { sidecarPatch: [{ op: "add", path: "/image", value: '"mine:1"' }] },
    },
  });
  const image = fields.find((field) => field.path === "spec.containers[kuma-sidecar].image");
  assert.equal(
    image?.source,
    "ContainerPatch half, whole (annotation kuma.io/container-patches)",
  );
});
