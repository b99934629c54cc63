/**
 * Enters the netns named by its first argument as kuma-cni does and prints what a process sees from then
 * on, as one JSON line: its own synchronous view, its children's view, and what the sandbox covers.
 *
 * @module
 */
import { addPassthroughIpv6, ipv6Addresses, loopbackInterface } from "core/host/interfaces.ts";
import { enterMountSandbox } from "core/host/mount_sandbox.ts";
import { enterNetns, netnsInode } from "core/host/netns.ts";
import { run } from "core/host/run.ts";

const path = Deno.args[0] ?? "";
enterNetns(path);
const sandbox = enterMountSandbox();
const loopback = loopbackInterface();
addPassthroughIpv6(loopback);
addPassthroughIpv6(loopback);
// Whatever errno is read (here that of an interface which does not exist): the address is there, and that counts.
addPassthroughIpv6("absent");

const report = {
  wanted: netnsInode(path),
  self: netnsInode(),
  child: (await run(["readlink", "/proc/self/ns/net"])).stdout.trim(),
  loopback,
  ipv6: ipv6Addresses(),
  sandbox,
  childNsswitch: (await run(["cat", "/etc/nsswitch.conf"])).stdout,
  childWrites: (await run(["dd", "of=/etc/nsswitch.conf", "conv=notrunc"], { stdin: "" })).code,
};
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
