/**
 * Dataplanes while things go wrong: another writer, watches that are cut, an API server that is killed, a crowd
 * of pods at once. Each ends in the state that the pods ask for, and in nothing else.
 */
import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { inParallel } from "../support/parallel.ts";
import { sleep } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Relay } from "../webhook/cluster_relay.ts";
import { DataplaneLab, inboundsOf } from "./dataplane_lab.ts";
import type { Program } from "./program.ts";

const test = requires("etcd");

/** The leader shall outlive the faults: who leads next is another test's question. */
const PATIENT = {
  KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_LEASE_DURATION: "120s",
  KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_RENEW_DEADLINE: "110s",
};

/** Waits until the namespace's Dataplanes are exactly these, each with the address of its pod. */
async function converges(
  program: Program,
  lab: DataplaneLab,
  namespace: string,
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  let last = "";
  await program.until(`${namespace} has exactly its ${wanted.size} Dataplanes`, async () => {
    const there = await lab.dataplanes(namespace);
    const wrong = there.filter(({ metadata, spec }) =>
      (spec.networking as JsonObject).address !== wanted.get(metadata.name)
    );
    last = `${there.length} there, ${wrong.length} wrong`;
    return there.length === wanted.size && wrong.length === 0;
  }).catch((cause) => {
    throw new Error(`${last}; ${cause}`, { cause });
  });
}

const addressOf = (n: number) => `10.1.${n >> 8}.${n & 255}`;

/** Creates pods and lets them run; gives their addresses by name. */
async function runPods(
  lab: DataplaneLab,
  namespace: string,
  numbers: readonly number[],
): Promise<Map<string, string>> {
  await inParallel(numbers, 16, async (n) => {
    await lab.pod(namespace, `pod-${n}`);
    await lab.runs(namespace, `pod-${n}`, addressOf(n));
  });
  return new Map(numbers.map((n) => [`pod-${n}`, addressOf(n)]));
}

const upTo = (length: number) => Array.from({ length }, (_, n) => n);

test("another writer costs conflicts, and never the state", async () => {
  await using lab = await DataplaneLab.start();
  await lab.cluster.createNamespace("shop");
  await using program = await lab.program();
  const wanted = await runPods(lab, "shop", upTo(5));
  await converges(program, lab, "shop", wanted);
  // It bumps versions and forges contents, as fast as one writer can; meanwhile the pods change.
  const stop = new AbortController();
  let writes = 0;
  const rival = (async () => {
    for (let n = 0; !stop.signal.aborted; n++) {
      const path = lab.dataplanePath("shop", `pod-${n % 5}`);
      const forged = { spec: { networking: { address: `10.66.0.${n % 250}` } } };
      await lab.patch(
        path,
        n % 2 === 0 ? { metadata: { annotations: { rival: String(n) } } } : forged,
      );
      writes++;
    }
  })();
  const say = async (ready: boolean) => {
    for (const n of upTo(5)) await lab.runs("shop", `pod-${n}`, addressOf(n), ready);
    await sleep(500);
  };
  // Whether two writes meet is chance: it goes on until some have.
  const raced = /^kuma_controller_dataplane_writes_total\{operation="raced"\} [1-9]/m;
  for (let round = 0; round < 4 || !raced.test(await program.page("/metrics")); round++) {
    assert.ok(round < 100, "no write of the controller met one of the rival's");
    await say(round % 2 === 1);
  }
  await say(false);
  stop.abort();
  await rival;
  assert.ok(writes > 20, `the rival has written ${writes} times`);
  await converges(program, lab, "shop", wanted);
  for (const dataplane of await lab.dataplanes("shop")) {
    assert.equal(inboundsOf(dataplane)[0]?.state, "NotReady", "what the pods said last");
    assert.ok(dataplane.metadata.annotations, "the rival's annotations are its own");
  }
  assert.equal(await program.end(), 0);

  // All is in order: a program that starts again looks at each, and writes nothing.
  const versions = async () =>
    (await lab.dataplanes("shop")).map(({ metadata }) => metadata.resourceVersion).join();
  const before = await versions();
  await using again = await lab.program();
  await again.until(
    "it has looked at all",
    async () =>
      /reconcile_total\{controller="kuma-pod-controller",result="success"\} ([5-9]|\d\d)/.test(
        await again.page("/metrics"),
      ),
  );
  assert.doesNotMatch(await again.page("/metrics"), /^kuma_controller_dataplane_writes_total\{/m);
  assert.equal(await versions(), before);
  assert.equal(await again.end(), 0);
});

test("watches that are cut, and a server that is killed, lose nothing", async () => {
  await using lab = await DataplaneLab.start();
  const { cluster } = lab;
  await cluster.createNamespace("shop");
  await using relay = new Relay(cluster.port);
  const server = `https://127.0.0.1:${relay.port}`;
  await using program = await lab.program(PATIENT, { server });
  const wanted = await runPods(lab, "shop", upTo(20));
  await converges(program, lab, "shop", wanted);
  // Every second all connections end; pods come, change and go meanwhile.
  for (const round of upTo(12)) {
    relay.cut();
    const n = 100 + round;
    await runPods(lab, "shop", [n]);
    wanted.set(`pod-${n}`, addressOf(n));
    await cluster.deletePod("shop", `pod-${round}`);
    wanted.delete(`pod-${round}`);
    await lab.runs("shop", `pod-${19 - round % 5}`, addressOf(1000 + round));
    wanted.set(`pod-${19 - round % 5}`, addressOf(1000 + round));
    relay.mend();
    await sleep(700);
  }
  await converges(program, lab, "shop", wanted);

  await cluster.restart();
  await runPods(lab, "shop", [200]);
  wanted.set("pod-200", addressOf(200));
  await cluster.request("DELETE", lab.dataplanePath("shop", "pod-19"));
  await converges(program, lab, "shop", wanted);
  assert.equal(await program.end(), 0);
});

test("a thousand pods at once, and their end at once", async () => {
  await using lab = await DataplaneLab.start();
  await lab.cluster.createNamespace("crowd");
  await using program = await lab.program();
  const wanted = await runPods(lab, "crowd", upTo(1000));
  await converges(program, lab, "crowd", wanted);
  await inParallel([...wanted.keys()], 16, (name) => lab.cluster.deletePod("crowd", name));
  await converges(program, lab, "crowd", new Map());
  await program.until("nothing is left to do", async () => {
    const page = await program.page("/metrics");
    return ["depth", "delayed"].every((one) =>
      page.includes(`workqueue_${one}{name="kuma-pod-controller"} 0\n`)
    ) && page.includes("kuma_controller_dataplane_faults 0\n") &&
      page.includes('kuma_controller_informer_objects{kind="dataplanes"} 0\n');
  });
  assert.equal(program.lines("not reconciled").length, 0, program.said.slice(-2000));
  assert.equal(await program.end(), 0);
});
