import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { everyTool, type Tool, ToolFolder } from "./cni_tools.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const NFT = "xtables-nft-multi";
const IPTABLES = Object.fromEntries(
  Object.entries(everyTool(NFT)).filter(([name]) => name.startsWith("iptables")),
);

/** A pod on a node with these tools, whose logs are kept in a file. */
async function podOn(tools: Readonly<Record<string, Tool>>, annotations = {}) {
  const api = await MisbehavingApi.create(() => Response.json(podObject(annotations)));
  const sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const folder = new ToolFolder(tools);
  return {
    sandbox,
    call: (command: string) => sandbox.call(command, { within: folder.words(plugin.path) }),
    inPod: (...words: string[]) => must("ip", ["netns", "exec", sandbox.name, ...words]),
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      await sandbox[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

type Pod = Awaited<ReturnType<typeof podOn>>;

/** ADD, CHECK and a second ADD succeed; only IPv4 has rules, and they are whole. */
async function ipv4Only(pod: Pod): Promise<void> {
  for (const command of ["ADD", "CHECK", "ADD", "CHECK"]) {
    const done = await pod.call(command);
    assert.equal(done.code, 0, `${command}: ${done.stdout}`);
  }
  const rules = await pod.sandbox.rules();
  assert.equal(rules.match(/-A KUMA_MESH_INBOUND_REDIRECT .*--to-ports 15006/g)?.length, 1);
  assert.equal(rules.match(/-A OUTPUT .*-j KUMA_MESH_OUTBOUND\n/g)?.length, 1);
  assert.doesNotMatch(await pod.inPod("ip6tables-save"), /KUMA/);
}

for (
  const [what, settings] of [
    ["everywhere", ["all.disable_ipv6=1"]],
    ["on its interface", ["eth0.disable_ipv6=1"]],
    ["on the loopback interface, which refuses ::6", ["lo.disable_ipv6=1"]],
  ] as const
) {
  test(`IPv6 is disabled in the pod ${what}: IPv4 is intercepted, and CHECK agrees`, async () => {
    await using pod = await podOn(everyTool(NFT));
    for (const setting of settings) await pod.inPod("sysctl", "-qw", `net.ipv6.conf.${setting}`);
    await ipv4Only(pod);
  });
}

test("a node without ip6tables: IPv4 is intercepted, and CHECK agrees", async () => {
  await using pod = await podOn(IPTABLES);
  await ipv4Only(pod);
});

test("a kernel without the nat table of IPv6: IPv4 is intercepted, and CHECK agrees", async () => {
  const refuse = 'echo "ip6tables v1.8.9 (nf_tables): table nat does not exist" >&2; exit 3';
  const version = 'case "$*" in --version) echo "ip6tables v1.8.9 (nf_tables)"; exit;; esac';
  const real = `exec /usr/sbin/${NFT} ip6tables`;
  await using pod = await podOn({
    ...IPTABLES,
    "ip6tables": { script: `${version}\ncase "$*" in *nat*) ${refuse};; esac\n${real} "$@"` },
    "ip6tables-save": {
      script: `${version}\ncase "$*" in *nat*) ${refuse};; esac\n${real}-save "$@"`,
    },
    "ip6tables-restore": { script: `${version}\n${refuse}` },
  });
  await ipv4Only(pod);
});

test("the single annotation asks for IPv6 alone, and there is none: ADD refuses", async () => {
  const annotations = { "kuma.io/transparent-proxying-ip-family-mode": "ipv6" };
  await using pod = await podOn(IPTABLES, annotations);
  assert.equal(errorOf(await pod.call("ADD")).code, 104);
  assert.doesNotMatch(await pod.sandbox.rules(), /KUMA/);
});

test("CHECK misses the address ::6, and IPv6 rules that were taken away", async () => {
  await using pod = await podOn(everyTool(NFT));
  assert.equal((await pod.call("ADD")).code, 0);
  assert.equal((await pod.call("CHECK")).code, 0);
  await pod.inPod("ip", "-6", "addr", "del", "::6/128", "dev", "lo");
  const missing = errorOf(await pod.call("CHECK"));
  assert.equal(missing.code, 105);
  assert.match(missing.msg, /::6\/128 .*missing/);
  // A second ADD mends it.
  assert.equal((await pod.call("ADD")).code, 0);
  assert.equal((await pod.call("CHECK")).code, 0);
  await pod.inPod("ip6tables", "-t", "nat", "-F", "OUTPUT");
  assert.match(
    errorOf(await pod.call("CHECK")).msg,
    /ipv6: table nat, chain OUTPUT: a rule is missing/,
  );
});

test("IPv6 rules that act stay where the loopback interface refuses ::6 by now: ADD fails", async () => {
  await using pod = await podOn(everyTool(NFT));
  assert.equal((await pod.call("ADD")).code, 0);
  assert.match(await pod.inPod("ip6tables-save"), /-A OUTPUT .*-j KUMA_MESH_OUTBOUND\n/);
  await pod.inPod("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=1");
  const said = errorOf(await pod.call("ADD"));
  assert.match(said.msg, /IPv6 rules are in place and cannot be renewed: cannot add ::6\/128/);
  assert.match(await pod.inPod("ip6tables-save"), /-A OUTPUT .*-j KUMA_MESH_OUTBOUND\n/);
  await pod.inPod("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0");
  for (const command of ["ADD", "CHECK"]) {
    const done = await pod.call(command);
    assert.equal(done.code, 0, done.stdout);
  }
});
