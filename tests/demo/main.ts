/**
 * `deno task demo`: watch real connections being caught by a sidecar's ports on this machine's kernel, put
 * there by the compiled kumactl, and let go again. Everything happens in two fresh network namespaces and
 * a private mount namespace; the machine's own firewall and files stay untouched.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the demo's output is what it is for
import { errorText } from "core/errors.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { must, which } from "tests/support/processes.ts";
import { Lab } from "tests/support/traffic/lab.ts";
import {
  addNamespace,
  inside,
  joinNamespaces,
  removeNamespace,
} from "tests/support/traffic/namespaces.ts";
import { passwdWith, usePrivateFiles } from "tests/support/traffic/private_files.ts";
import { addForeignRules, firewallState } from "./firewall_state.ts";
import {
  ADDRESSES,
  FLOWS,
  INSTALL_ARGUMENTS,
  type Places,
  startListeners,
  USERS,
} from "./flows.ts";
import { formatRows, type Row, sendFlow } from "./rows.ts";

const COLOUR = Deno.stdout.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "";

/** Runs the demo and gives its exit code: 0 only where every row is right. */
async function demo(): Promise<number> {
  checkMachine();
  const places: Places = {
    host: `kuma-demo-host-${Deno.pid}`,
    client: `kuma-demo-client-${Deno.pid}`,
  };
  usePrivateFiles({
    "/etc/passwd": passwdWith({ name: "kuma-dp", uid: USERS["kuma-dp"] }),
    "/etc/resolv.conf":
      `nameserver ${ADDRESSES.ipv4.client}\nnameserver ${ADDRESSES.ipv6.client}\n`,
  });
  try {
    await prepare(places);
    return await watch(places) ? 0 : 1;
  } finally {
    await removeNamespace(places.host);
    await removeNamespace(places.client);
    say("namespaces removed");
  }
}

async function watch(places: Places): Promise<boolean> {
  const before = await firewallState(places.host);
  await kumactl(places.host, "install", "transparent-proxy", ...INSTALL_ARGUMENTS);
  const rows = sendAll(places);
  console.log(`\n${formatRows(rows, COLOUR)}\n`);
  await kumactl(places.host, "uninstall", "transparent-proxy");
  const after = await firewallState(places.host);
  const changed = [...before].filter(([lister, text]) => after.get(lister) !== text);
  for (const [lister] of changed) console.error(`${lister} is not what it was before the install`);
  if (changed.length === 0) {
    for (const lister of before.keys()) say(`${lister}: equal to before the install`);
  }
  const right = rows.filter(({ ok }) => ok).length;
  say(`${right} of ${rows.length} flows went where they should`);
  return right === rows.length && changed.length === 0;
}

function sendAll(places: Places): Row[] {
  using lab = new Lab();
  for (const family of FAMILIES) startListeners(lab, places, family);
  return FAMILIES.flatMap((family) => FLOWS.map((flow) => sendFlow(lab, places, flow, family)));
}

async function prepare({ host, client }: Places): Promise<void> {
  say("a service host and a client in namespaces of their own, joined by a veth pair:");
  say(`${host} and ${client}`);
  await addNamespace(host);
  await addNamespace(client);
  const both = (name: "host" | "client" | "other") =>
    FAMILIES.map((family) => `${ADDRESSES[family][name]}/${ADDRESSES[family].prefix}`);
  await joinNamespaces(
    { ns: host, iface: "eth0", addresses: both("host") },
    { ns: client, iface: "eth0", addresses: [...both("client"), ...both("other")] },
  );
  await addForeignRules(host);
}

async function kumactl(ns: string, ...args: string[]): Promise<void> {
  console.log(`$ kumactl ${args.join(" ")}`);
  const [program = "", ...prefix] = inside(ns);
  const output = await must(program, [...prefix, kumactlPath(), ...args]);
  console.log(output.trim().split("\n").at(-1) ?? "");
}

function checkMachine(): void {
  const missing = ["ip", "nsenter", "iptables", "ip6tables"].filter((name) =>
    which(name) === undefined
  );
  if (Deno.build.os !== "linux") throw new Error("the demo needs Linux");
  if (Deno.uid() !== 0) throw new Error("the demo needs root: it makes network namespaces");
  if (missing.length > 0) {
    throw new Error(`the demo needs ${missing.join(", ")}: install iproute2 and iptables`);
  }
}

function say(text: string): void {
  console.log(`# ${text}`);
}

try {
  Deno.exitCode = await demo();
} catch (thrown) {
  console.error(`Error: ${errorText(thrown)}`);
  Deno.exitCode = 1;
}
