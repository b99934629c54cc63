/**
 * kuma-cni as a runtime calls it, against an empty compiled program in the same run: ADD of an annotated
 * pod into a fresh namespace with a real API server on loopback, by the installer's answer and by the plugin's program,
 * the same again, CHECK, DEL and VERSION.
 *
 * @module
 */
import { InstalledPlugin, netConf, podArgsText } from "../cni/plugin.ts";
import { INJECTED } from "../e2e/cni_node.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { pluginKubeconfig } from "../kube/kubeconfig.ts";
import { AnsweringInstaller } from "./answering_installer.ts";
import { type Figures, measureInTurn, percentile, runOrFail, type Subject } from "./measure.ts";
import { dropNamespace, usesLegacy } from "./netns_subject.ts";
import { SilentApi } from "./silent_api.ts";
import { ratioOf, type Row } from "./table.ts";

/** Bound of the issue that set it; and for the program, which does what the installer does not answer. */
const MAX_ADD_RATIO = 1.45, MAX_PROGRAM_ADD_RATIO = 2.5, MAX_IPTABLES_ADD_RATIO = 2.2;
const MAX_SMALL_RATIO = 1.3;
const MAX_RSS_MIB = 90;

const EMPTY = "empty compiled program";
/** As on a node whose installer is up. */
const ANSWERED = "kuma-cni ADD, answered by the installer";
const ADD = "kuma-cni ADD by its program, nftables";
/** Behind a TLS end that asks for no certificate: no wait of 40 ms for a delayed acknowledgement. */
const ADD_SILENT = "kuma-cni ADD, silent TLS end";
const MAX_SILENT_MS = 12;
const ADD_IPTABLES = "kuma-cni ADD, iptables-nft";

/** Measures the verbs; `empty` is the empty program's path. Needs root, etcd and kube-apiserver. */
export async function cniRows(empty: string, runs: number): Promise<Row[]> {
  await using cluster = await startApiServer();
  using plugin = InstalledPlugin.create();
  const directory = await Deno.makeTempDir({ prefix: "cni-bench-" });
  try {
    const kubeconfig = `${directory}/kubeconfig`;
    const token = await furnish(cluster);
    await Deno.writeTextFile(kubeconfig, cluster.kubeconfig(token), { mode: 0o600 });
    await using installer = await AnsweringInstaller.start(cluster, token);
    const conf = (firewall_backend: string, kubeconfig: string) =>
      JSON.stringify(netConf({
        ...{ cniVersion: "1.0.0", log_level: "info", firewall_backend },
        ...{ log_socket: `${directory}/log.sock`, log_file: `${directory}/log/kuma-cni.log` },
        kubernetes: { kubeconfig, exclude_namespaces: ["kube-system"] },
      }));
    // What the plugin takes by itself in a fresh pod: nftables.
    const stdin = conf("auto", kubeconfig), iptables = conf("iptables", kubeconfig);
    await using silent = await SilentApi.start({
      "api/v1/namespaces/bench/pods/web": {
        ...POD,
        metadata: { ...POD.metadata, namespace: "bench", uid: crypto.randomUUID() },
      },
    });
    await Deno.writeTextFile(`${directory}/silent`, pluginKubeconfig(silent, "a-token"));
    const call = (verb: string, namespace: string) => argv(plugin.path, verb, namespace);
    const asking = (verb: string, namespace: string) => argv(installer.plugin, verb, namespace);
    const added = (namespace: string) =>
      runOrFail(call("ADD", namespace), { stdin }).then(() => undefined);
    const rows = toRows(
      await measureInTurn({
        [EMPTY]: { argv: ["env", "-i", empty], stdin },
        [ANSWERED]: inFresh(asking, "ADD", conf("auto", installer.kubeconfig)),
        [ADD]: inFresh(call, "ADD", stdin),
        [ADD_SILENT]: inFresh(call, "ADD", conf("auto", `${directory}/silent`)),
        [ADD_IPTABLES]: inFresh(call, "ADD", iptables),
        "kuma-cni ADD, iptables-legacy": inFresh(call, "ADD", iptables, usesLegacy),
        "the same again, nothing to change": inFresh(call, "ADD", stdin, added),
        "kuma-cni CHECK": inFresh(call, "CHECK", stdin, added),
        "kuma-cni DEL": { argv: call("DEL", "gone"), stdin },
        "kuma-cni VERSION": { argv: call("VERSION", "gone"), stdin },
      }, runs),
    );
    return rows.map((row) => row.name === ANSWERED ? withAnswers(row, installer, runs) : row);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const POD = {
  metadata: { name: "web", annotations: { ...INJECTED, "kuma.io/builtin-dns": "enabled" } },
  spec: { containers: ["app", "kuma-sidecar"].map((name) => ({ name, image: "x:1" })) },
};

/** The pod, and the token of an account that may get it. */
async function furnish(cluster: TestCluster): Promise<string> {
  await cluster.createNamespace("bench");
  await cluster.createPod("bench", POD);
  await cluster.createServiceAccount("bench", "kuma-cni");
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
  await cluster.grant("bench-cni", rules, { serviceAccount: "bench/kuma-cni" });
  return await cluster.createServiceAccountToken("bench", "kuma-cni");
}

/** What was measured were answers, and not the program in their place. */
function withAnswers(row: Row, { answered }: AnsweringInstaller, runs: number): Row {
  const text = `${answered} answers, at least ${runs}`;
  return { ...row, bounds: [...row.bounds ?? [], { text, kept: answered >= runs }] };
}

function argv(program: string, verb: string, namespace: string): string[] {
  return [
    ...["env", "-i", `CNI_COMMAND=${verb}`, "CNI_CONTAINERID=bench", "CNI_IFNAME=eth0"],
    ...[`CNI_NETNS=/run/netns/${namespace}`, "CNI_PATH=/opt/cni/bin"],
    ...[`CNI_ARGS=${podArgsText("bench", "web")}`, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
    program,
  ];
}

function inFresh(
  call: (verb: string, namespace: string) => string[],
  verb: string,
  stdin: string,
  before?: (namespace: string) => Promise<void>,
): Subject {
  return {
    argv: [],
    stdin,
    prepare: async () => {
      const name = `bench-cni-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
      await makePodNamespace(name);
      await before?.(name);
      return { argv: call(verb, name), dispose: () => dropNamespace(name) };
    },
  };
}

/** A pod's namespace: loopback and one interface with an address of each family. */
async function makePodNamespace(name: string): Promise<void> {
  await runOrFail(["ip", "netns", "add", name]);
  for (
    const args of [
      ["link", "set", "lo", "up"],
      ["link", "add", "eth0", "type", "veth", "peer", "name", "peer0"],
      ["addr", "add", "10.61.0.2/24", "dev", "eth0"],
      ["-6", "addr", "add", "fd61::2/64", "dev", "eth0", "nodad"],
      ["link", "set", "eth0", "up"],
    ]
  ) await runOrFail(["ip", "-n", name, ...args]);
}

function toRows(figures: Record<string, Figures>): Row[] {
  const empty = figures[EMPTY];
  if (empty === undefined) throw new Error("The empty program was not measured");
  return Object.entries(figures).map(([name, one]) => {
    if (name === EMPTY) return { name, figures: one };
    const ratio = ratioOf(one, empty);
    const limit = name === ANSWERED
      ? MAX_ADD_RATIO
      : name === ADD
      ? MAX_PROGRAM_ADD_RATIO
      : name === ADD_IPTABLES
      ? MAX_IPTABLES_ADD_RATIO
      : / (DEL|VERSION)$/.test(name)
      ? MAX_SMALL_RATIO
      : 0;
    const rss = one.rssMiB ?? Infinity;
    if (name === ADD_SILENT) {
      const more = percentile(one.ms, 0.5) - percentile(figures[ADD]?.ms ?? [], 0.5);
      const text = `p50 <= that of ADD + ${MAX_SILENT_MS} ms`;
      return {
        name,
        figures: one,
        ratios: { empty: ratio },
        bounds: [{ text, kept: more <= MAX_SILENT_MS }],
      };
    }
    const bounds = limit === 0 ? [] : [
      { text: `p50 <= ${limit}x empty`, kept: ratio <= limit },
      { text: `peak RSS <= ${MAX_RSS_MIB} MiB`, kept: rss <= MAX_RSS_MIB },
    ];
    return { name, figures: one, ratios: { empty: ratio }, bounds };
  });
}
