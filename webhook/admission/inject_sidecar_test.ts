import assert from "node:assert/strict";
import { untilChanged } from "core/cluster/until.ts";
import { silentLogger } from "core/log/logger.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import type { Cluster, InjectionContext, NamespaceView } from "core/inject/context.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { injectSidecar } from "./inject_sidecar.ts";

const LABEL = "kuma.io/sidecar-injection";
const POD = {
  metadata: { generateName: "web-", annotations: { "kuma.io/container-patches": "p" } },
  spec: { containers: [{ name: "web", image: "web" }] },
};

/** What the webhook knows of the cluster, for a test to change. */
function known() {
  const state = {
    namespace: { labels: { [LABEL]: "enabled" }, annotations: {} } as NamespaceView | undefined,
    mesh: true,
    patch: true,
    looks: 0,
    changes: 0,
  };
  const listeners = new Set<() => void>();
  const news = () => {
    state.changes++;
    for (const listener of [...listeners]) listener();
  };
  const cluster: Cluster = {
    namespace: () => (state.looks++, state.namespace),
    hasMesh: () => state.mesh,
    containerPatch: () => state.patch ? { spec: {} } : undefined,
    configMap: () => undefined,
    get changes() {
      return state.changes;
    },
    async changedSince(changes, signal) {
      await untilChanged(
        (listener) => (listeners.add(listener), () => listeners.delete(listener)),
        () => state.changes !== changes,
        signal,
      );
    },
  };
  const context: InjectionContext = {
    ...loadSettings(undefined, {}),
    cluster,
    caCert: undefined,
    serverHasNativeSidecars: true,
    schema: shippedContainerSchema(),
    patienceMs: 300,
  };
  const ask = (operation = "CREATE", object: typeof POD = POD) =>
    injectSidecar({ object, namespace: "shop", operation }, context, silentLogger);
  return { state, ask, news };
}

const unlabelled: NamespaceView = { labels: {}, annotations: {} };

Deno.test("what was made a moment ago is waited for, whichever it is", async () => {
  const cases: [lack: (state: ReturnType<typeof known>["state"]) => void][] = [
    [(state) => state.namespace = undefined],
    [(state) => state.namespace = unlabelled],
    [(state) => state.mesh = false],
    [(state) => state.patch = false],
  ];
  for (const [lack] of cases) {
    const { state, ask, news } = known();
    const whole = { ...state };
    lack(state);
    setTimeout(() => {
      Object.assign(state, { ...whole, looks: state.looks });
      news();
    }, 60);
    const verdict = await ask();
    assert.ok(verdict.allowed && (verdict.patch?.length ?? 0) > 0, lack.toString());
    assert.equal(state.looks, 2, "it looks again at news only");
  }
});

Deno.test("what never comes is not waited for long, and then the answer is what it always was", async () => {
  const { state, ask } = known();
  const begun = performance.now();
  state.namespace = unlabelled;
  const left = await ask();
  assert.ok(left.allowed && left.patch?.length === 0);
  state.namespace = undefined;
  const denied = await ask();
  assert.ok(!denied.allowed && denied.status.code === 503);
  const ms = performance.now() - begun;
  assert.ok(ms > 550, `it did not wait: ${ms} ms`);
});

Deno.test("a pod whose own label decides, or one that is wrong, waits for nothing", async () => {
  const { state, ask } = known();
  state.namespace = unlabelled;
  for (const value of ["disabled", "maybe"]) {
    state.looks = 0;
    await ask(
      "CREATE",
      { ...POD, metadata: { ...POD.metadata, labels: { [LABEL]: value } } } as typeof POD,
    );
    assert.equal(state.looks, 1, value);
  }
});

Deno.test("a pod that is there already, or goes, is left alone", async () => {
  const { state, ask } = known();
  for (const operation of ["UPDATE", "DELETE", "CONNECT"]) {
    assert.deepEqual(await ask(operation), { allowed: true });
  }
  assert.equal(state.looks, 0);
});
