/** Many pods at once and one after the other: what grows, leaks or collides shows only here. */
import assert from "node:assert/strict";
import { sharedCluster } from "../kube/apiserver.ts";
import { inParallel } from "../support/parallel.ts";
import { run } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CniNode, type MeshPod, rulesIn } from "../e2e/cni_node.ts";

const test = requires("root", "netns", "go", "etcd", "cni-plugins", "iptables-nft");
const PODS = 200;
const AT_ONCE = 20;
const CYCLES = 1000;

test(`${PODS} ADDs, ${AT_ONCE} at a time: all succeed, each namespace holds exactly its own rules`, async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster);
  const numbers = Array.from({ length: PODS }, (_, index) => index);
  const pods = await inParallel(numbers, 8, (index) => node.createPod({ annotations: own(index) }));
  const added = await inParallel(pods, AT_ONCE, (pod) => node.add(pod));
  assert.deepEqual(added.map(({ error }) => error).filter((error) => error !== ""), []);
  await inParallel(pods, 4, async (pod, index) => {
    const rules = await rulesIn(pod.sandbox);
    const ports = [...rules.matchAll(/elements = \{ 9001, (2\d{4}) \}/g)].map(([, port]) => port);
    assert.deepEqual(ports, [String(20_000 + index)]);
    // One jump for both families: applied once.
    assert.equal(rules.match(/jump KUMA_MESH_INBOUND /g)?.length, 1);
    assert.equal(rules.match(/jump KUMA_MESH_OUTBOUND /g)?.length, 1);
  });
  const gone = await inParallel(pods, AT_ONCE, (pod) => node.del(pod));
  assert.deepEqual(gone.map(({ error }) => error).filter((error) => error !== ""), []);
  assert.deepEqual(await node.chain.leftovers(), []);
});

test(`${CYCLES} ADD and DEL cycles, ${AT_ONCE} at a time: no growth of files, processes, host rules and nodes' rules`, async () => {
  await using cluster = await sharedCluster();
  await using node = await CniNode.create(cluster);
  // Only kuma-cni: what is counted is what it leaves, and bridge costs the most of a chain's time.
  await node.chain.writeConflist(node.network, [node.entry()], "1.0.0");
  const numbers = Array.from({ length: AT_ONCE }, (_, lane) => lane);
  const lanes = await inParallel(numbers, 3, () => node.createPod());
  const cycle = async (pod: MeshPod) => {
    assert.equal((await node.add(pod)).error, "");
    assert.equal((await node.del(pod)).error, "");
  };
  for (const pod of lanes) await cycle(pod);
  const rules = await Promise.all(lanes.map((pod) => rulesIn(pod.sandbox)));
  const before = await footprint(node);
  await inParallel(lanes, lanes.length, async (pod, lane) => {
    for (let number = lane; number < CYCLES; number += lanes.length) await cycle(pod);
  });
  assert.deepEqual(await footprint(node), before);
  assert.deepEqual(await Promise.all(lanes.map((pod) => rulesIn(pod.sandbox))), rules);
  const log = Deno.statSync(node.logFile).size;
  assert.ok(log <= 1024 * 1024 + 20_000, `the log has ${log} bytes`);
});

/** An inbound exclusion that no other pod has. */
function own(index: number): Record<string, string> {
  return { "traffic.kuma.io/exclude-inbound-ports": String(20_000 + index) };
}

/** What could grow on the host: rules, the plugin's processes, mounts, and files beside the log. */
async function footprint(node: CniNode) {
  const save = await run("iptables-save", []);
  const own = await node.chain.exec("iptables-save");
  const mounts = await run("cat", ["/proc/self/mountinfo"]);
  const files = [...Deno.readDirSync(`${node.chain.dir}/log`), ...Deno.readDirSync("/run")]
    .map(({ name }) => name).filter((name) => /kuma|cni|xtables/.test(name)).filter((name) =>
      !name.endsWith(".log.1")
    );
  return {
    hostRules: save.stdout.split("\n").filter((line) => line.startsWith("-A")).length,
    nodeRules: own.split("\n").filter((line) => line.startsWith("-A")).length,
    processes: processesOf(node.plugin.path),
    mounts: mounts.stdout.split("\n").filter((line) => line.includes("nsswitch")).length,
    files: files.sort(),
    leftovers: await node.chain.leftovers(),
  };
}

/** Processes that run this program. */
function processesOf(path: string): number {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Deno.readLinkSync(`/proc/${name}/exe`) === path) count += 1;
    } catch (error) {
      // It ended meanwhile, or is a thread of the kernel, which has no program.
      if (!(error instanceof Error)) throw error;
    }
  }
  return count;
}
