/**
 * A node, in namespaces of its own (network, mount, PID, UTS, IPC), which end with this process: containerd, kubelet,
 * kube-proxy, and on the first node of a cluster its servers: etcd, API server, controller-manager, scheduler. No systemd, and
 * nothing of the machine is changed: what these write at fixed places lies in overlays of this mount namespace.
 *
 * Run as `deno run -A main.ts SPEC`. Says each step on standard output; the last one is `ready`. From then on it takes
 * `stop SERVER` and `start SERVER` as lines of its standard input.
 *
 * @module
 */
import type { NodeSpec } from "../spec.ts";
import { prepareCgroups } from "./cgroups.ts";
import { prepareMounts } from "./mounts.ts";
import { prepareNetwork } from "./network.ts";
import { Servers } from "./servers.ts";
import { startNode } from "./start.ts";

const [path = ""] = Deno.args;
const spec: NodeSpec = JSON.parse(Deno.readTextFileSync(path));
const begun = performance.now();

function say(step: string): void {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  Deno.stdout.writeSync(new TextEncoder().encode(`${seconds} s ${step}\n`));
}

await prepareNetwork(spec);
await prepareMounts(spec);
await prepareCgroups(spec);
say("prepared");
const servers = new Servers(spec);
await startNode(spec, servers, say);
say("ready");
// Whoever started this holds the other end; when they go, so does the node.
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const line of text.trim().split("\n")) {
    const [verb, name = ""] = line.split(" ");
    if (verb === "stop") await servers.stop(name);
    else servers.start(name);
    say(`${line}: done`);
  }
}
