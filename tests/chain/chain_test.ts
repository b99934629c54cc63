import assert from "node:assert/strict";
import { sharedCluster } from "../kube/apiserver.ts";
import { inParallel } from "../support/parallel.ts";
import { run } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { ChainNode, inNetns, type PodSandbox } from "./chain.ts";

const test = requires("root", "netns", "go", "cni-plugins", "iptables-nft");
const network = "pods";

async function bridgeNode(): Promise<ChainNode> {
  const node = await ChainNode.create();
  await node.writeConflist(network, node.bridgePlugins());
  return node;
}

/** Global addresses of a sandbox's eth0. */
async function addresses(sandbox: PodSandbox): Promise<string[]> {
  const text = await inNetns(sandbox, "ip", "-j", "addr", "show", "dev", "eth0", "scope", "global");
  const [link]: { addr_info: { local?: string }[] }[] = JSON.parse(text);
  // ip -j prints an empty object for each address that the filter hides.
  return link!.addr_info.map((info) => info.local).filter((local) => local !== undefined);
}

test("ADD gives the sandbox an address of each family, DEL leaves nothing", async () => {
  await using node = await bridgeNode();
  const sandbox = await node.createSandbox();
  const pod = { namespace: "demo", name: "web", uid: "1-2-3" };

  const added = await node.cniAdd(sandbox, { network, pod });
  assert.equal(added.error, "");
  assert.deepEqual(added.runs.map((r) => `${r.plugin} ${r.command}`), [
    "bridge ADD",
    "portmap ADD",
  ]);
  assert.equal(added.runs[1]?.stdin["name"], network);
  assert.ok("prevResult" in added.runs[1]!.stdin);
  const given = added.result?.ips?.map((ip) => ip.address.split("/")[0]);
  assert.deepEqual(given, await addresses(sandbox));
  assert.equal(given?.length, 2);

  assert.equal((await node.cniCheck(sandbox, { network, pod })).error, "");
  assert.notDeepEqual(await node.leftovers(), []);
  assert.equal((await node.cniDel(sandbox, { network, pod })).error, "");
  assert.deepEqual(await node.leftovers(), []);
});

test("pods of a node reach each other, the machine sees no bridge", async () => {
  await using node = await bridgeNode();
  const [one, two] = [await node.createSandbox(), await node.createSandbox()];
  for (const sandbox of [one, two]) {
    assert.equal((await node.cniAdd(sandbox, { network })).error, "");
  }
  const [target] = await addresses(two);
  // Nobody listens there: a refusal is the other pod's own answer.
  const script = `await Deno.connect({ hostname: "${target}", port: 9 })`;
  await assert.rejects(inNetns(one, Deno.execPath(), "eval", script), /ConnectionRefused/);
  assert.match(await node.exec("ip", "link", "show", "cni0"), /cni0/);
  assert.notEqual((await run("ip", ["link", "show", "cni0"])).code, 0);
});

test("portmap writes its rules into the node's firewall only", async () => {
  await using node = await bridgeNode();
  const before = await run("iptables-save", []);
  const sandbox = await node.createSandbox();
  const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];
  const options = { network, capabilityArgs: { portMappings } };
  assert.equal((await node.cniAdd(sandbox, options)).error, "");
  assert.match(await node.exec("iptables-save", "-t", "nat"), /--dport 8080/);
  assert.equal(stripTimes((await run("iptables-save", [])).stdout), stripTimes(before.stdout));
  assert.equal((await node.cniDel(sandbox, options)).error, "");
  assert.doesNotMatch(await node.exec("iptables-save", "-t", "nat"), /--dport 8080/);
});

test("a failing chain gives the plugin's code and words", async () => {
  await using node = await bridgeNode();
  await node.writeConflist(network, [{ type: "bridge", ipam: { type: "no-such-ipam" } }]);
  const sandbox = await node.createSandbox();
  const added = await node.cniAdd(sandbox, { network });
  assert.notEqual(added.code, 0);
  assert.match(added.error, /plugin type="bridge".*failed \(add\).*no-such-ipam/);
  assert.equal(added.runs[0]?.errorObject?.code, added.code);
  const missing = await node.cniAdd(sandbox, { network: "nowhere" });
  assert.equal(missing.code, 999);
});

test("GC sends DEL for what is no longer valid and leaves the rest", async () => {
  await using node = await bridgeNode();
  const [stale, valid] = [await node.createSandbox(), await node.createSandbox()];
  for (const sandbox of [stale, valid]) {
    assert.equal((await node.cniAdd(sandbox, { network })).error, "");
  }
  await node.deleteSandbox(stale);
  const collected = await node.cniGc([valid], { network });
  assert.equal(collected.error, "");
  assert.deepEqual(collected.runs.map((r) => r.command), ["DEL", "DEL"]);
  assert.equal((await node.cniCheck(valid, { network })).error, "");
  assert.ok(!(await node.leftovers()).some((path) => path.includes(stale.containerId)));
  assert.equal((await node.cniStatus({ network })).error, "");
});

test("40 ADDs at a time of 20 all succeed with addresses of their own", async () => {
  await using node = await bridgeNode();
  const sandboxes = await inParallel(Array(40).fill(0), 4, () => node.createSandbox());
  const added = await inParallel(sandboxes, 20, (sandbox) => node.cniAdd(sandbox, { network }));
  assert.deepEqual(added.map((a) => a.error).filter((error) => error !== ""), []);
  const all = new Set(added.flatMap((a) => a.result!.ips!.map((ip) => ip.address)));
  assert.equal(all.size, 80);
  await inParallel(sandboxes, 20, (sandbox) => node.cniDel(sandbox, { network }));
  assert.deepEqual(await node.leftovers(), []);
});

requires("root", "netns", "go", "etcd")("the API server is reachable from the node", async () => {
  await using cluster = await sharedCluster();
  await using node = await ChainNode.create();
  const script = `
    const client = Deno.createHttpClient({ caCerts: [Deno.readTextFileSync("${cluster.caFile}")] });
    console.log(await (await fetch("${cluster.url}/readyz", { client })).text());
    Deno.exit();`;
  await assert.rejects(node.exec(Deno.execPath(), "eval", script), /[Cc]onnection refused/);
  await node.forwardLoopback(cluster.port);
  assert.equal(await node.exec(Deno.execPath(), "eval", script), "ok\n");
});

/** iptables-save heads every table with the time. */
function stripTimes(text: string): string {
  return text.replaceAll(/^#.*$/gm, "").replaceAll(/\[\d+:\d+\]/g, "");
}
