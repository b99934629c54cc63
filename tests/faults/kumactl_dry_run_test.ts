/**
 * What a dry run says is what a real run then does, and a dry run does nothing: random configurations one after the
 * other on machines with rules of others, for each backend; and back.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { canonicalWords } from "core/rules/canonical.ts";
import { splitWords } from "core/rules/words.ts";
import { serialiseConfig } from "core/proxy/serialise.ts";
import { FLAVOURS } from "tests/kernel/namespace.ts";
import { anyDocument } from "tests/kernel/random_packets.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { runs } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, HOST_RULES, install, Machine, uninstall } from "./machine.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy");
/** Configurations for each backend, each in place of the one before. */
const RUNS = runs(6);

interface Change {
  readonly subject: string;
  readonly before?: string[];
  readonly after?: string[];
}

interface Plan {
  readonly changed: boolean;
  readonly backend: string;
  readonly changes: readonly Change[];
}

for (const backend of [...FLAVOURS, "nftables"] as const) {
  test(`${backend}: a dry run says what a real run then does, and does nothing`, async () => {
    await using machine = await Machine.create();
    const flavour = backend === "nftables" ? "nft" : backend;
    for (const family of ["ipv4", "ipv6"] as const) {
      await machine.restore(flavour, family, HOST_RULES);
    }
    await machine.restore(flavour, "ipv4", BUSY_HOST);
    const ours = backend === "nftables" ? "nftables" : "iptables";
    const asked = (document: TransparentProxyConfig) =>
      install("--config", serialiseConfig({ ...document, firewallBackend: ours }));
    await fc.assert(
      fc.asyncProperty(anyDocument, async (document) => {
        await assertTold(machine, asked(document), "install");
      }),
      { ...RUNS, endOnFailure: true },
    );
    await assertTold(machine, uninstall(), "uninstall");
  });
}

test("from one backend to the other, a dry run tells of both", async () => {
  await using machine = await Machine.create();
  const nftables = install("--firewall-backend", "nftables", "--redirect-all-dns-traffic");
  const iptables = install("--firewall-backend", "iptables", "--disable-comments");
  for (const args of [iptables, nftables, iptables]) {
    const { changes } = await assertTold(machine, args, "install");
    const subjects = changes.map(({ subject }) => subject);
    assert(subjects.some((one) => one.endsWith("tables-nft")), subjects.join());
  }
  const { changes } = await assertTold(machine, nftables, "install");
  assert(
    changes.some(({ subject, after }) => subject.endsWith("tables-nft") && after?.length === 0),
  );
  await assertTold(machine, uninstall(), "uninstall");
});

test("files are told of: direct.xml of firewalld, a resolv.conf that is given back", async () => {
  await using machine = await Machine.create({
    files: { "/etc/resolv.conf": "nameserver 127.0.0.1\n" },
  });
  await machine.must("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/etc/firewalld");
  const { changes } = await assertTold(machine, install("--store-firewalld"), "install");
  const direct = changes.find(({ subject }) => subject === "/etc/firewalld/direct.xml");
  assert.match(await machine.must("cat", "/etc/firewalld/direct.xml"), /KUMA_MESH_OUTBOUND/);
  assert.deepEqual(
    direct?.after?.join("\n"),
    (await machine.must("cat", "/etc/firewalld/direct.xml")).trimEnd(),
  );
  const gone = await assertTold(machine, uninstall(), "uninstall");
  assert(
    gone.changes.some(({ subject, after }) =>
      subject === "/etc/firewalld/direct.xml" && after === undefined
    ),
  );
});

test("a diff ends as diff(1) does: 0 for none, 1 for some, 2 for trouble", async () => {
  await using machine = await Machine.create();
  const diff = async (args: string[], code: number, words: RegExp) => {
    const done = await machine.kumactl([...args, "--diff"]);
    assert.equal(done.code, code, done.stdout + done.stderr);
    assert.match(done.stdout + done.stderr, words);
  };
  await diff(install(), 1, /^--- iptables-nft\n\+\+\+ iptables-nft\n@@ .*\n\+-t nat -N KUMA_MESH_/);
  await machine.kumactlMust(...install());
  await diff(install(), 0, /^$/);
  await diff(
    install("--exclude-inbound-ports", "22"),
    1,
    /^ -t nat -A OUTPUT .*\n\+-t nat -A KUMA_MESH_INBOUND .*--dport 22 -j RETURN$/m,
  );
  await diff(
    uninstall(),
    1,
    /^--- \/run\/kuma-transparent-proxy\/\d+\.installed\.json\n\+\+\+ \/dev\/null$/m,
  );
  await diff(install("--no-such-flag"), 2, /unknown flag/);
  await diff(install("--kuma-dp-user", "nobody-here"), 2, /nobody-here/);
  await machine.restore("nft", "ipv4", "*nat\n-I KUMA_MESH_OUTBOUND 1 -j RETURN\nCOMMIT\n");
  await diff(install("--exclude-inbound-ports", "22"), 2, /KUMA-TP-103/);
  const dry = await machine.kumactl(install("--exclude-inbound-ports", "22", "--dry-run"));
  assert.match(dry.stderr, /KUMA-TP-103/, "a dry run fails where the real one would");
  assert.equal(dry.code, 1);
});

/** Tells by --dry-run what would change, sees that nothing did, does it, and sees that this is what was done. */
async function assertTold(
  machine: Machine,
  args: string[],
  verb: "install" | "uninstall",
): Promise<Plan> {
  const before = await everything(machine);
  const plan = await told(machine, [...args, "--dry-run"], verb);
  assert.equal(await everything(machine), before, "the dry run has left a trace");
  const done = await told(machine, args, verb);
  const [subjects, { changed, backend }] = [plan.changes.map(({ subject }) => subject), done];
  assert.deepEqual({ changed, backend }, { changed: plan.changed, backend: plan.backend });
  assert.equal(await everything(machine) !== before, plan.changes.length > 0, subjects.join(", "));
  // The same again is no change, and what goes is what came.
  if (verb === "install") {
    assert.deepEqual((await told(machine, [...args, "--dry-run"], verb)).changes, []);
  }
  const going = await told(machine, uninstall("--dry-run"), "uninstall");
  for (const { subject, after } of plan.changes) {
    if (subject.startsWith("addresses of ")) continue;
    const now = byTable(going.changes.find((one) => one.subject === subject)?.before);
    for (const [table, lines] of byTable(after)) {
      const found = now.get(table);
      // A table that holds nothing of ours any more is in no diff.
      if (found !== undefined || mentionsUs(lines)) assert.deepEqual(found, lines, subject);
    }
  }
  return plan;
}

/** Lines by their table; a rule that is to come is not spelled in every detail as iptables will list it. */
function byTable(lines: readonly string[] = []): ReadonlyMap<string, string[]> {
  const spelled = lines.map((line) => {
    const [, place, text] = /^(-t \w+ -A \S+) (.*)$/.exec(line) ?? [];
    return text === undefined ? line : `${place} ${canonicalWords(splitWords(text))}`;
  });
  return Map.groupBy(spelled, (line) => /^-t \w+/.exec(line)?.[0] ?? "");
}

function mentionsUs(lines: readonly string[]): boolean {
  return lines.some((line) => /^(?:-t \w+ -N|chain) KUMA_MESH_/.test(line));
}

async function told(machine: Machine, args: string[], verb: string): Promise<Plan> {
  const { code, stdout, stderr } = await machine.kumactl([...args, "-o", "json"]);
  assert.equal(code, 0, stderr);
  const schema = verb === "install"
    ? "kuma.io/kumactl-install-transparent-proxy/v1"
    : "kuma.io/kumactl-uninstall-transparent-proxy/v1";
  return checkedDocument<Plan>(stdout, schema);
}

/** All that kumactl could change: rules of both flavours and of nftables, addresses, settings of the network, files. */
const LOOK = `
iptables-nft-save; ip6tables-nft-save; iptables-legacy-save; ip6tables-legacy-save; nft list ruleset
ip -brief address
sysctl net.ipv4 net.ipv6 | grep -vE 'tcp_fastopen_key|stable_secret|gc_|route|flush'
files="/run/kuma-transparent-proxy /etc/resolv.conf /etc/firewalld"
find $files -type f -exec sha256sum {} + | sort
find $files -printf '%p %m %s %T@\\n' | sort
exit 0
`;

async function everything(machine: Machine): Promise<string> {
  const text = await machine.must("sh", "-c", LOOK);
  return text.replace(/^#.*\n/gm, "").replace(/ \[\d+:\d+\]$/gm, "")
    .replace(/ counter packets \d+ bytes \d+/g, "");
}
