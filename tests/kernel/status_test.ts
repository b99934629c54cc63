/**
 * `kumactl status transparent-proxy` of the compiled program: states that are made on a real kernel, each with
 * the words and the exit code that a person gets.
 */
import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import type { StatusDocument } from "../../kumactl/status_transparent_proxy.ts";
import { must, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { kumactlPath, PrivateEtc } from "./kumactl.ts";
import { Namespace } from "./namespace.ts";
import { AROUND_STATES } from "./status_around.ts";
import { OTHERS_STATES } from "./status_others.ts";
import { RULE_STATES } from "./status_rules.ts";
import { INSTALL } from "./status_state.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");

const STATES = [...RULE_STATES, ...OTHERS_STATES, ...AROUND_STATES];

/** What is noted in /run about a namespace, which nobody needs once it is gone. */
const FORGET = "rm -f /run/kuma-transparent-proxy/$(stat -Lc %i /proc/self/ns/net).*";

for (const { name, before, ask = "", code, words, as = "" } of STATES) {
  test(`status: ${name}`, async () => {
    await using namespace = await Namespace.create("st");
    using _etc = new PrivateEtc(namespace.name, { "resolv.conf": "nameserver 10.9.9.9\n" });
    for (const line of before) await namespace.must(...command(line));
    const [program, ...args] = command(`${as} kumactl status transparent-proxy ${ask}`);
    const done = await namespace.run(program, args);
    assert.match(done.stdout + done.stderr, words);
    assert.equal(done.code, code, done.stdout + done.stderr);
    for (const pid of (await must("ip", ["netns", "pids", namespace.name])).split("\n")) {
      if (pid !== "") Deno.kill(Number(pid), "SIGKILL");
    }
    await namespace.run("sh", ["-c", FORGET]);
  });
}

test("status says who listens, from outside by a path, and as JSON", async () => {
  await using namespace = await Namespace.create("st");
  using _etc = new PrivateEtc(namespace.name);
  await namespace.must(...command(INSTALL));
  const listener = new Deno.Command("ip", {
    args: [
      ...["netns", "exec", namespace.name, "setpriv", "--reuid", "5678", "--clear-groups"],
      ...["busybox", "nc", "-l", "-p", "15006"],
    ],
    stdin: "null",
  }).spawn();
  try {
    const stdout = await waitUntil("status names the listener", async () => {
      const { stdout } = await namespace.run(kumactlPath(), ["status", "transparent-proxy"]);
      return /inbound: {5}to port 15006, where user 5678 listens/.test(stdout) && stdout;
    });
    assert.match(stdout, /outbound: {4}to port 15001, where nobody listens/);
    const path = `/run/netns/${namespace.name}`;
    const outside = await new Deno.Command(kumactlPath(), {
      args: ["status", "transparent-proxy", "--netns", path, "-o", "json"],
    }).output();
    const told = checkedDocument<StatusDocument>(
      new TextDecoder().decode(outside.stdout),
      "kuma.io/kumactl-status-transparent-proxy/v1",
    );
    assert.equal(told.status.state, "in place");
    assert.deepEqual(told.status.listeners.map(({ port, uid }: Listening) => [port, uid]), [
      [15006, 5678],
    ]);
    assert.equal(told.document.ipFamilyMode, "ipv4");
  } finally {
    listener.kill("SIGKILL");
    await listener.status;
    await namespace.run(kumactlPath(), ["uninstall", "transparent-proxy"]);
  }
});

interface Listening {
  readonly port: number;
  readonly uid: number;
}

function command(line: string): [string, ...string[]] {
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
  const [program = "", ...args] = words.map((word) => word === "kumactl" ? kumactlPath() : word);
  return [program, ...args];
}
