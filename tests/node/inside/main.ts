/**
 * A whole cluster of one node, in namespaces of its own (network, mount, PID, UTS, IPC), which end with this
 * process: etcd, API server, controller-manager, scheduler, containerd, kubelet, kube-proxy. No systemd, and nothing of
 * the machine is changed: what these write at fixed places lies in overlays of this mount namespace.
 *
 * Run as `deno run -A main.ts SPEC`. Says each step on standard output; the last one is `ready`.
 *
 * @module
 */
import type { NodeSpec } from "../spec.ts";
import { prepareCgroups } from "./cgroups.ts";
import { prepareMounts } from "./mounts.ts";
import { prepareNetwork } from "./network.ts";
import { startServers } from "./servers.ts";

const [path = ""] = Deno.args;
const spec: NodeSpec = JSON.parse(Deno.readTextFileSync(path));
const begun = performance.now();

function say(step: string): void {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  Deno.stdout.writeSync(new TextEncoder().encode(`${seconds} s ${step}\n`));
}

await prepareNetwork(spec);
await prepareMounts(spec);
prepareCgroups();
say("prepared");
await startServers(spec, say);
say("ready");
// Whoever started this holds the other end; when they go, so does the node.
await Deno.stdin.readable.pipeTo(new WritableStream());
