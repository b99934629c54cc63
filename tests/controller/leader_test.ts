/**
 * One leader at a time: two compiled programs, a killed one, a server that goes away.
 */
import assert from "node:assert/strict";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { requires } from "../support/requires.ts";
import { controllerAccount, Program, SYSTEM, TAINTS } from "./program.ts";

const test = requires("etcd");
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases/kuma-controller-leader`;

async function holder(cluster: TestCluster): Promise<string> {
  const lease = await cluster.request<{ spec: { holderIdentity?: string } }>("GET", LEASE);
  return lease.spec.holderIdentity ?? "";
}

const changes = (program: Program) =>
  program.lines("node tainted: its CNI is not ready").map(({ node, ts }) => ({
    node,
    at: Date.parse(String(ts)),
  }));

test("the other replica goes on after a kill -9, after SIGTERM at once, and never at the same time", async () => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  const options = { token, environment: TAINTS };
  await using first = await Program.start(cluster, options);
  await first.leads();
  await using second = await Program.start(cluster, options);
  await second.until("it is ready", async () => await second.page("/readyz") === "ok\n");
  const add = (name: string) => cluster.request("POST", "/api/v1/nodes", { metadata: { name } });
  await add("a");
  await first.until("the first one taints", () => changes(first).length === 1);
  assert.deepEqual(changes(second), []);

  const killedAt = Date.now();
  await first.end("SIGKILL");
  await add("b");
  await second.until("the second one taints", () => changes(second).length === 1);
  // The default Lease lasts 15 s; whether 20 s are enough is what the clock of the log says.
  const [{ at, node } = { at: 0, node: "" }] = changes(second);
  assert.equal(node, "b");
  assert.ok(at > killedAt, "nobody acts before the first one's end");
  Deno.stderr.writeSync(
    new TextEncoder().encode(`the new leader acted ${at - killedAt} ms after kill -9\n`),
  );

  await using third = await Program.start(cluster, options);
  await third.until("it is ready", async () => await third.page("/readyz") === "ok\n");
  assert.equal(await second.end("SIGTERM"), 0);
  assert.equal(second.lines("lease released").length, 1);
  assert.match(await holder(cluster), /^$|_/);
  await third.leads();
  assert.equal(await third.end(), 0);
});

test("an API server that goes away costs nothing but time, who loses the Lease stops at once", async () => {
  await using cluster = await startApiServer();
  const token = await controllerAccount(cluster);
  const patient = {
    KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_LEASE_DURATION: "60s",
    KUMA_RUNTIME_KUBERNETES_LEADER_ELECTION_RENEW_DEADLINE: "50s",
  };
  const options = { token, environment: { ...TAINTS, ...patient } };
  await using program = await Program.start(cluster, options);
  await program.leads();
  await cluster.restart();
  await cluster.request("POST", "/api/v1/nodes", { metadata: { name: "after" } });
  await program.until("it taints as before", () => changes(program).length === 1);

  await cluster.request("PATCH", LEASE, {
    spec: {
      holderIdentity: "somebody-else",
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    },
  }, { contentType: "application/merge-patch+json" });
  await program.until("it ends", () => /KUMA-CTL-005/.test(program.said));
  assert.equal(program.lines("lease lost").length, 1);
});
