/**
 * The controller while things go wrong around it: a server that has too much to do, a leader that is cut off,
 * one that stood still.
 */
import assert from "node:assert/strict";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { sleep } from "../support/processes.ts";
import { Relay } from "../webhook/cluster_relay.ts";
import { BusyRelay } from "../kube/busy_relay.ts";
import { controllerAccount, Program, TAINTS } from "./program.ts";

const test = requires("etcd");

/** Leases that need not be waited for so long; as long as a renewal may take, and more than a pause. */
const SHORT = {
  KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_LEASE_DURATION: "6s",
  KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_RENEW_DEADLINE: "4s",
};
/** A leader that outlives what is done to it here, however slow the machine is. */
const PATIENT = {
  KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_LEASE_DURATION: "120s",
  KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_RENEW_DEADLINE: "110s",
};
/** No control loop but those that a test looks at. */
const ALONE = { KUMA_RUNTIME_KUBERNETES_CONTROLLER_DATAPLANES: "off" };

const addNode = (cluster: TestCluster, name: string) =>
  cluster.request("POST", "/api/v1/nodes", { metadata: { name } });

const tainted = (program: Program) =>
  program.lines("node tainted: its CNI is not ready").map(({ node }) => node);

/**
 * Names of the nodes that the API server has with the taint. The log does not do where connections are cut: an answer may
 * be lost whose write was done, and the next attempt finds nothing to write.
 */
async function nodesTainted(cluster: TestCluster): Promise<string[]> {
  const { items } = await cluster.request<
    { items: { metadata: { name: string }; spec: { taints?: { key: string }[] } }[] }
  >("GET", "/api/v1/nodes");
  return items.filter(({ spec }) => spec.taints?.some(({ key }) => key === "NodeReadiness"))
    .map(({ metadata }) => metadata.name).sort();
}

/** When a program logged a message for the first time, in milliseconds since 1970. */
function timeOf(program: Program, message: string): number {
  const [line] = program.lines(message);
  assert.ok(line, `"${message}" in ${program.said}`);
  return Date.parse(String(line.ts));
}

test("a server that answers 429 is left alone for as long as it asks, and nothing is lost", async () => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  await using relay = new BusyRelay(cluster);
  const environment = { ...TAINTS, ...ALONE, ...PATIENT };
  await using program = await Program.start(cluster, { token, environment, server: relay.url });
  await program.leads();
  await addNode(cluster, "before");
  await program.until("it taints", () => tainted(program).length === 1);

  relay.busy = true;
  relay.cut();
  const names = Array.from({ length: 20 }, (_, at) => `busy-${at}`);
  for (const name of names) await addNode(cluster, name);
  await sleep(3000);
  relay.busy = false;
  const all = ["before", ...names];
  await program.until(
    "all are tainted",
    async () => (await nodesTainted(cluster)).length === all.length,
  );
  // Two watches and the Lease, each at most once a second: the server asks for that.
  assert.ok(relay.refused.length > 2, "it was refused");
  assert.ok(relay.refused.length < 40, relay.refused.join("\n"));
  const watches = relay.refused.filter((request) => request.includes("watch=true"));
  assert.ok(watches.length > 0, relay.refused.join("\n"));

  // Watches that end each second go on where they were: nothing is listed again.
  const lists = () => relay.passed.filter((request) => /^GET .*limit=/.test(request)).length;
  const before = lists();
  for (let round = 0; round < 60; round++) {
    relay.cut();
    await addNode(cluster, `cut-${round}`);
    all.push(`cut-${round}`);
    await sleep(1000);
  }
  await program.until(
    "all are tainted",
    async () => (await nodesTainted(cluster)).length === all.length,
  );
  assert.deepEqual(await nodesTainted(cluster), all.sort());
  assert.equal(lists(), before, program.said.slice(-8000));
  assert.deepEqual(program.lines("lease lost"), []);
  assert.equal(await program.end(), 0);
});

test("a leader that is cut off has stopped before the next one leads", async () => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  const environment = { ...TAINTS, ...ALONE, ...SHORT };
  await using relay = new Relay(cluster.port);
  const server = `https://127.0.0.1:${relay.port}`;
  await using first = await Program.start(cluster, { token, environment, server });
  await first.leads();
  await using second = await Program.start(cluster, { token, environment });
  await second.until("it serves", async () => await second.page("/readyz") === "ok\n");
  relay.cut();
  await second.leads();
  await first.until("it has ended", () => /KUMA-CTL-005/.test(first.said));
  assert.ok(timeOf(first, "lease lost") < timeOf(second, "lease acquired"));

  // One that stood still finds itself replaced, by one that leaves nodes alone: what it writes would show.
  const quiet = { ...environment, KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED: "false" };
  await using third = await Program.start(cluster, { token, environment: quiet });
  await third.until("it serves", async () => await third.page("/readyz") === "ok\n");
  Deno.kill(second.pid, "SIGSTOP");
  await third.leads();
  for (let at = 0; at < 20; at++) await addNode(cluster, `later-${at}`);
  Deno.kill(second.pid, "SIGCONT");
  await second.until("it has ended", () => /KUMA-CTL-005/.test(second.said));
  assert.deepEqual(tainted(second), []);
  const { items } = await cluster.request<{ items: { spec: { taints?: { key: string }[] } }[] }>(
    "GET",
    "/api/v1/nodes",
  );
  const ours = items.flatMap(({ spec }) => spec.taints ?? [])
    .filter(({ key }) => key === "NodeReadiness");
  assert.deepEqual([items.length, ours.length], [20, 0]);
  assert.equal(await third.end(), 0);
});
