/** What `kumactl check` says of a host's firewall, and what that firewall does with connections that are redirected. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import type { Flow } from "./flows.ts";
import { kumactlMust, kumactlPath, PrivateEtc } from "./kumactl.ts";
import { TrafficLab } from "./traffic_lab.ts";

const test = requires("root", "netns", "iptables-nft");
const IN: Flow = { what: "client in", from: "client", to: "host", port: 8080, expect: "inbound" };

test("a firewall that lets in the port that is called drops what is redirected, and check says so", async () => {
  await using lab = await TrafficLab.create();
  using _etc = new PrivateEtc(lab.host.name);
  await kumactlMust(lab.host, ["install", "transparent-proxy", "--ip-family-mode", "ipv4"]);
  const check = async () =>
    (await lab.host.run(kumactlPath(), ["check", "-o", "short"])).stdout.split("\n")
      .find((line) => line.includes("others-input"));
  const iptables = (...args: string[]) => lab.host.must("iptables-nft", ...args);
  assert.equal(lab.send(IN, "ipv4"), undefined);
  assert.equal(await check(), undefined);

  await iptables("-A", "INPUT", "-p", "tcp", "--dport", "8080", "-j", "ACCEPT");
  await iptables("-P", "INPUT", "DROP");
  assert.notEqual(lab.send(IN, "ipv4"), undefined, "the connection does not arrive");
  assert.match(await check() ?? "", /TCP to port 15006 is dropped \[KUMA-CHK-006\]/);

  await iptables("-A", "INPUT", "-p", "tcp", "--dport", "15006", "-j", "ACCEPT");
  assert.equal(lab.send(IN, "ipv4"), undefined, "now it does");
  assert.equal(await check(), undefined);
});
