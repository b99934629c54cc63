import type { NodeSpec } from "../spec.ts";
import { step } from "./step.ts";

/**
 * The node's wire. It leads nowhere, but a default route there must be: without one the kernel refuses addresses
 * of Services before kube-proxy's DNAT in OUTPUT gets to see them, and the plugin asks https://10.0.0.1 from here.
 */
export async function prepareNetwork({ addresses: [ipv4, ipv6], name }: NodeSpec): Promise<void> {
  await step(`hostname ${name}`);
  await step("ip link set lo up");
  await step("ip link add wire0 type veth peer name wire1");
  await step(`ip addr add ${ipv4}/24 dev wire0`);
  await step("ip link set wire0 up");
  await step("ip link set wire1 up");
  await step(`ip route add default via ${ipv4.replace(/\.\d+$/, ".1")} dev wire0`);
  await step("sysctl -qw net.ipv4.ip_forward=1");
  if (ipv6 === undefined) {
    await step("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    return;
  }
  await step(`ip -6 addr add ${ipv6}/64 dev wire0 nodad`);
  await step("ip -6 route add default via fd00:77::1 dev wire0");
  await step("sysctl -qw net.ipv6.conf.all.forwarding=1");
}
