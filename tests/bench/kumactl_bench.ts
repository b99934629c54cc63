/**
 * `kumactl install transparent-proxy` on fresh namespaces, against an empty compiled program and a bare
 * `iptables-restore` of the same rules in the same run.
 *
 * @module
 */
import { type Figures, measureInTurn, percentile, runOrFail, type Subject } from "./measure.ts";
import { dropNamespace, inFreshNamespace, makeNamespace, usesLegacy } from "./netns_subject.ts";
import { ratioByRounds, ratioOf, type Row } from "./table.ts";

const INSTALL = [
  "install",
  "transparent-proxy",
  "--kuma-dp-user",
  "0",
  "--redirect-dns",
  "--redirect-all-dns-traffic=false",
  "--exclude-inbound-ports",
  "22",
];

const IPTABLES = "kumactl install transparent-proxy";
const NFTABLES = "kumactl install …, nftables";
const STATUS = "kumactl status transparent-proxy", STATUS_NFTABLES = "kumactl status …, nftables";
const HELP = "kumactl --help";

/** Ratio to the empty program that what only looks may have. */
const LOOKING: Readonly<Record<string, number>> = {
  [STATUS]: 2.0,
  [STATUS_NFTABLES]: 2.0,
  [HELP]: 1.5,
};

/** Bounds of the issue that set them: ratio to the empty program, MiB, processes. */
const MAX_RATIO = 3.0, MAX_NFTABLES_RATIO = 1.3;
const MAX_RSS_MIB = 90;
const MAX_CHILDREN = 8;

/** Measures install, a second install, uninstall and dry-run; `empty` is the empty program's path. */
export async function kumactlRows(kumactl: string, empty: string, runs: number): Promise<Row[]> {
  const rules = await dryRunRules(kumactl);
  const install = [kumactl, ...INSTALL];
  const nftables = [...install, "--firewall-backend", "nftables"];
  const installed = async (namespace: string) => {
    await runOrFail(["ip", "netns", "exec", namespace, ...install]);
  };
  const subjects: Record<string, Subject> = {
    "empty compiled program": inFreshNamespace("empty", [empty]),
    "bare iptables-restore": inFreshNamespace("restore4", restore("iptables"), {
      stdin: rules.ipv4,
    }),
    "bare ip6tables-restore": inFreshNamespace("restore6", restore("ip6tables"), {
      stdin: rules.ipv6,
    }),
    [IPTABLES]: inFreshNamespace("install", install),
    "kumactl install …, iptables-legacy": inFreshNamespace("legacy", install, {
      before: usesLegacy,
    }),
    [NFTABLES]: inFreshNamespace("nftables", nftables),
    "the same again, nothing to change": inFreshNamespace("again", install, { before: installed }),
    "kumactl uninstall transparent-proxy": inFreshNamespace(
      "uninstall",
      [kumactl, "uninstall", "transparent-proxy"],
      { before: installed },
    ),
    "kumactl install … --dry-run": inFreshNamespace("dry", [...install, "--dry-run"]),
    [STATUS]: inFreshNamespace("status", [kumactl, "status", "transparent-proxy"], {
      before: installed,
    }),
    [STATUS_NFTABLES]: inFreshNamespace("statusn", [kumactl, "status", "transparent-proxy"], {
      before: async (namespace) => {
        await runOrFail(["ip", "netns", "exec", namespace, ...nftables]);
      },
    }),
    [HELP]: inFreshNamespace("help", [kumactl, "--help"]),
  };
  const figures = await measureInTurn(subjects, runs);
  return toRows(figures, {
    [IPTABLES]: await countChildren(install),
    [NFTABLES]: await countChildren(nftables),
  });
}

function restore(tool: "iptables" | "ip6tables"): string[] {
  return [`${tool}-nft-restore`, "--noflush"];
}

function toRows(figures: Record<string, Figures>, children: Record<string, number>): Row[] {
  const empty = figures["empty compiled program"]!;
  const bare = [...figures["bare iptables-restore"]!.ms]
    .map((ms, index) => ms + (figures["bare ip6tables-restore"]!.ms[index] ?? NaN));
  return Object.entries(figures).map(([name, one]) => {
    if (!name.startsWith("kumactl") && !name.startsWith("the same")) return { name, figures: one };
    const ratio = ratioOf(one, empty);
    const ratios = {
      "empty": ratio,
      "empty by rounds": ratioByRounds(one, empty),
      "both bare restores": percentile(one.ms, 0.5) / percentile(bare, 0.5),
    };
    const rss = one.rssMiB ?? Infinity;
    const seen = children[name];
    const most = name === NFTABLES ? 0 : MAX_CHILDREN;
    const limit = name === NFTABLES ? MAX_NFTABLES_RATIO : MAX_RATIO;
    const looking = LOOKING[name];
    if (looking !== undefined) {
      const bounds = [{ text: `p50 <= ${looking}x empty`, kept: ratio <= looking }];
      return { name, figures: one, ratios, bounds };
    }
    const bounds = seen === undefined ? [] : [
      { text: `p50 <= ${limit}x empty`, kept: ratio <= limit },
      { text: `peak RSS <= ${MAX_RSS_MIB} MiB`, kept: rss <= MAX_RSS_MIB },
      { text: `<= ${most} children, seen ${seen}`, kept: seen <= most },
    ];
    return { name, figures: one, ratios, bounds };
  });
}

/** The rules that kumactl would apply in a fresh namespace, a text for each family. */
async function dryRunRules(kumactl: string): Promise<{ ipv4: string; ipv6: string }> {
  const name = `bench-rules-${Deno.pid}`;
  await makeNamespace(name);
  try {
    const argv = ["ip", "netns", "exec", name, kumactl, ...INSTALL, "--dry-run"];
    const { stdout } = await runOrFail(argv);
    const [, ipv4, ipv6] = /### IPv4 ###\n\n([^]*?)\n\n### IPv6 ###\n\n([^]*)$/.exec(stdout) ?? [];
    if (ipv4 === undefined || ipv6 === undefined) {
      throw new Error(`The dry run did not show both families: ${stdout.slice(0, 200)}`);
    }
    return { ipv4: `${ipv4}\n`, ipv6: `${ipv6}\n` };
  } finally {
    await dropNamespace(name);
  }
}

/** Programs that one install starts, counted by the kernel's own record of execve. */
async function countChildren(install: readonly string[]): Promise<number> {
  const name = `bench-children-${Deno.pid}`;
  await makeNamespace(name);
  const trace = await Deno.makeTempFile({ prefix: "kumactl-children-" });
  try {
    await runOrFail([
      ...["ip", "netns", "exec", name, "strace", "-f", "-qq", "-e", "trace=execve", "-z"],
      ...["-o", trace, ...install],
    ]);
    const started = (await Deno.readTextFile(trace)).split("\n")
      .filter((line) => /execve\(.* = 0$/.test(line));
    return started.length - 1;
  } finally {
    await Deno.remove(trace);
    await dropNamespace(name);
  }
}
