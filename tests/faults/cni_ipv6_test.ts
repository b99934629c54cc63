import assert from "node:assert/strict";
import { errorOf, InstalledPlugin, netConf } from "../cni/plugin.ts";
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

/** What of a pod, beside the tools of its node, differs from test to test. */
interface PodOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly backend?: "iptables" | "nftables";
}

/** A pod on a node with these tools. */
async function podOn(
  tools: Readonly<Record<string, Tool>>,
  { annotations = {}, backend = "iptables" }: PodOptions = {},
) {
  const api = await MisbehavingApi.create(() => Response.json(podObject(annotations)));
  const sandbox = await CniSandbox.create(plugin, { firewallBackend: backend });
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

/** Leaves the pod with a link-local IPv6 address alone. */
async function onlyLinkLocal(pod: Pod): Promise<void> {
  await pod.inPod("ip", "-6", "addr", "flush", "dev", "eth0");
  await pod.inPod("ip", "-6", "addr", "add", "fe80::62/64", "dev", "eth0", "nodad");
}

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

/** ADD fails with this reason and leaves nothing behind. */
async function refused(pod: Pod, reason: RegExp): Promise<void> {
  const said = errorOf(await pod.call("ADD"));
  assert.equal(said.code, 104);
  assert.match(said.msg, /the pod has an IPv6 address and cannot have IPv6 rules: /);
  assert.match(said.msg, reason);
  assert.match(said.msg, /kuma\.io\/transparent-proxying-ip-family-mode: ipv4/);
  assert.doesNotMatch(await pod.inPod("nft", "list", "ruleset"), /kuma/i);
}

for (
  const [what, settings] of [
    ["everywhere", ["all.disable_ipv6=1"]],
    ["on its interface", ["eth0.disable_ipv6=1"]],
  ] as const
) {
  test(`IPv6 is disabled in the pod ${what}: IPv4 is intercepted, and CHECK agrees`, async () => {
    await using pod = await podOn(everyTool(NFT));
    for (const setting of settings) await pod.inPod("sysctl", "-qw", `net.ipv6.conf.${setting}`);
    await ipv4Only(pod);
  });
}

const NO_LOOPBACK = ["sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=1"];

for (const backend of ["iptables", "nftables"] as const) {
  test(`${backend}: a pod with IPv6 whose loopback interface refuses ::6 is no pod with IPv4 alone`, async () => {
    await using pod = await podOn(everyTool(NFT), { backend });
    await pod.inPod(...NO_LOOPBACK);
    await refused(pod, /cannot add ::6\/128/);
  });
}

test("the loopback interface refuses ::6, and IPv4 alone is asked for or usable: IPv4 is intercepted", async () => {
  const annotations = { "kuma.io/transparent-proxying-ip-family-mode": "ipv4" };
  await using asked = await podOn(everyTool(NFT), { annotations });
  await asked.inPod(...NO_LOOPBACK);
  await ipv4Only(asked);
  await using local = await podOn(everyTool(NFT));
  await local.inPod(...NO_LOOPBACK);
  await onlyLinkLocal(local);
  await ipv4Only(local);
});

test("a node without ip6tables: a pod with IPv6 is refused; of the others IPv4 is intercepted", async () => {
  await using pod = await podOn(IPTABLES);
  await refused(pod, /no nft ip6tables was found/);
  await onlyLinkLocal(pod);
  await ipv4Only(pod);
});

test("a kernel without the nat table of IPv6: likewise", async () => {
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
  await refused(pod, /missing table: "nat"/);
  await onlyLinkLocal(pod);
  await ipv4Only(pod);
});

test("ip6tables-save fails though it is there: ADD fails, and says what failed", async () => {
  const broken = {
    script:
      'case "$*" in --version) echo "ip6tables v1.8.9 (nf_tables)"; exit;; esac\necho "no luck" >&2; exit 4',
  };
  await using pod = await podOn({
    ...everyTool(NFT),
    "ip6tables-save": broken,
    "ip6tables-nft-save": broken,
  });
  // Without a table there is nothing to list.
  await pod.inPod("ip6tables", "-t", "mangle", "-N", "OTHERS");
  assert.match(
    errorOf(await pod.call("ADD")).msg,
    /ip6tables.*-save failed: exit status 4: no luck/,
  );
  assert.doesNotMatch(await pod.inPod("nft", "list", "ruleset"), /kuma/i);
});

test("the single annotation asks for IPv6 alone, and there is none: ADD refuses", async () => {
  const annotations = { "kuma.io/transparent-proxying-ip-family-mode": "ipv6" };
  await using pod = await podOn(IPTABLES, { annotations });
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

/** The IPv6 rules of the pod, of either backend. */
const IPV6_RULES = {
  iptables: (pod: Pod) => pod.inPod("ip6tables-save", "-t", "nat"),
  nftables: (pod: Pod) => pod.inPod("nft", "list", "table", "inet", "kuma-mesh"),
};

for (const backend of ["iptables", "nftables"] as const) {
  test(`${backend}: IPv6 rules that act stay where the loopback interface refuses ::6 by now`, async () => {
    await using pod = await podOn(everyTool(NFT), { backend });
    const rules = async () =>
      (await IPV6_RULES[backend](pod)).replaceAll(/^#.*\n|\[\d+:\d+\]/gm, "");
    assert.equal((await pod.call("ADD")).code, 0);
    const before = await rules();
    assert.match(before, /::6|KUMA_MESH_OUTBOUND/);
    await pod.inPod(...NO_LOOPBACK);
    for (const address of ["fd62::2", "fe80::62"]) {
      if (address === "fe80::62") await onlyLinkLocal(pod);
      const said = errorOf(await pod.call("ADD"));
      assert.match(said.msg, /IPv6 rules are in place and cannot be renewed: cannot add ::6\/128/);
      assert.equal(await rules(), before);
    }
    await pod.inPod("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0");
    for (const command of ["ADD", "CHECK"]) {
      const done = await pod.call(command);
      assert.equal(done.code, 0, done.stdout);
    }
  });
}

for (const [from, to] of [["iptables", "nftables"], ["nftables", "iptables"]] as const) {
  test(`moving from ${from} to ${to} takes no IPv6 rule away that cannot be put in again`, async () => {
    await using pod = await podOn(everyTool(NFT), { backend: from });
    assert.equal((await pod.call("ADD")).code, 0);
    await pod.inPod(...NO_LOOPBACK);
    await onlyLinkLocal(pod);
    const before = await pod.inPod("nft", "list", "ruleset");
    const stdin = netConf({
      kubernetes: { kubeconfig: pod.sandbox.kubeconfig },
      firewall_backend: to,
    });
    const said = errorOf(await pod.sandbox.call("ADD", { stdin }));
    assert.match(said.msg, /IPv6 rules are in place and cannot be renewed: cannot add ::6\/128/);
    assert.equal(await pod.inPod("nft", "list", "ruleset"), before);
  });
}
