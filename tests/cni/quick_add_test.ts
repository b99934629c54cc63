/**
 * ADD that the installer answers: what is in the kernel, on standard output and in the log is what the program would
 * have made of it, and the program was not needed.
 */
import assert from "node:assert/strict";
import { viewPod } from "core/kube/pod.ts";
import { POD, podObject } from "../faults/cni_sandbox.ts";
import type { CniSandbox } from "../faults/cni_sandbox.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { TABLE } from "./annotations_table.ts";
import { netConf } from "./plugin.ts";
import { held, QuickAddLab } from "./quick_add_lab.ts";

const test = requires("root", "netns", "iptables-nft", "strace");

type Prepare = (sandbox: CniSandbox) => Promise<unknown>;

/** What becomes of one pod: exit code, output and what the kernel holds. */
async function added(lab: QuickAddLab, prepare?: Prepare) {
  await using sandbox = await lab.sandbox();
  await prepare?.(sandbox);
  const done = await sandbox.call("ADD");
  return { ...done, held: await held(sandbox) };
}

/** By the installer and without it. */
async function assertSame(lab: QuickAddLab, prepare?: Prepare): Promise<string> {
  lab.listen();
  const byDaemon = await lab.quick("intercepted", () => added(lab, prepare));
  assert.equal(byDaemon.code, 0, byDaemon.stdout);
  assert.match(byDaemon.held, /KUMA_MESH_INBOUND_REDIRECT/);
  lab.deafen();
  assert.deepEqual(await added(lab, prepare), byDaemon);
  return byDaemon.held;
}

const CONFIG = "traffic.kuma.io/transparent-proxy-config";

test("the rules are the program's, for pods of many annotations", async (t) => {
  let annotations: Readonly<Record<string, string>> = {};
  await using lab = await QuickAddLab.create({}, () => {
    const object = podObject() as { metadata: Record<string, unknown> };
    object.metadata.annotations = { "kuma.io/sidecar-injected": "true", ...annotations };
    return Response.json(object);
  });
  const rows = TABLE.filter((_, i) => i % 6 === 3).map((row) => row.annotations);
  rows.push({ [CONFIG]: "redirect: {dns: {enabled: true, captureAll: false}}" });
  for (const row of rows) {
    await t.step(JSON.stringify(row).slice(0, 100), async () => {
      annotations = row;
      await assertSame(lab);
    });
  }
});

test("a pod without IPv6 gets rules for IPv4, and no ::6", async () => {
  await using lab = await QuickAddLab.create();
  const without = (sandbox: CniSandbox) =>
    must("ip", [
      "netns",
      "exec",
      sandbox.name,
      "sysctl",
      "-qw",
      "net.ipv6.conf.all.disable_ipv6=1",
    ]);
  const rules = await assertSame(lab, without);
  assert.doesNotMatch(rules, /ip6|inet6/);
});

test("no program is started, and what the plugins before gave is passed on to the last byte", async () => {
  await using lab = await QuickAddLab.create();
  let calls: string[] = [];
  const prevResult = `{"cniVersion":"1.0.0", "n": 12345678901234567890.10,  "ü":"\\u00e4"}`;
  await lab.quick("intercepted", async () => {
    await using sandbox = await lab.sandbox();
    const trace = `${sandbox.dir}/trace`;
    const conf = JSON.stringify(netConf({ kubernetes: { kubeconfig: sandbox.kubeconfig } }));
    const stdin = `${conf.slice(0, -1)}, "prevResult": ${prevResult}}`;
    const strace = ["strace", "-f", "-qq", "-e", "trace=execve,execveat,clone", "-o", trace];
    const done = await sandbox.call("ADD", { stdin, within: [...strace, lab.plugin.path] });
    assert.deepEqual(done, { code: 0, stdout: prevResult, stderr: "" });
    calls = Deno.readTextFileSync(trace).trim().split("\n");
  });
  assert.equal(calls.length, 1, calls.join("\n"));
  assert.match(calls[0] ?? "", /execve\(".*\/kuma-cni"/);
});

test("it needs no more than docs/cni.md says", async () => {
  await using lab = await QuickAddLab.create();
  await lab.quick("intercepted", async () => {
    await using sandbox = await lab.sandbox();
    const within = ["prlimit", "--nofile=12", `--as=${4 * 1024 * 1024}`, lab.plugin.path];
    assert.equal((await sandbox.call("ADD", { within })).code, 0);
  });
});

test("the lines of the log are the program's, and say which way it was", async () => {
  await using lab = await QuickAddLab.create({ [CONFIG]: "dryRun: true" });
  const conf = (sandbox: CniSandbox) =>
    netConf({
      kubernetes: { kubeconfig: sandbox.kubeconfig },
      log_level: "info",
      log_file: `${sandbox.dir}/log`,
    });
  const bare = ({ level, msg, fields }: { level: string; msg: string; fields: object }) => {
    const { duration_ms: _, way: __, ...rest } = fields as Record<string, unknown>;
    return { level, msg, fields: rest };
  };
  await lab.quick("intercepted", async () => {
    await using sandbox = await lab.sandbox();
    assert.equal((await sandbox.call("ADD", { stdin: conf(sandbox) })).code, 0);
  });
  const byDaemon = lab.lines.filter(({ logger }) => logger === "kuma-cni");
  const last = byDaemon.at(-1)?.fields as { way: string; duration_ms: number };
  assert.equal(last.way, "daemon");
  assert.ok(last.duration_ms > 0 && last.duration_ms < 60_000);
  lab.deafen();
  await using other = await lab.sandbox();
  assert.equal((await other.call("ADD", { stdin: conf(other) })).code, 0);
  const text = Deno.readTextFileSync(`${other.dir}/log`).trim();
  const byProgram = text.split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(byDaemon.map(bare), byProgram.map(bare));
  assert.equal(byProgram.at(-1).fields.way, "program");
  assert.deepEqual(byDaemon.map(({ msg }) => msg).slice(1), ["pod is intercepted", "done"]);
  assert.match(lab.metrics.page(), /kuma_cni_plugin_calls_total\{[^}]*verb="ADD"[^}]*\} 1/);
  assert.doesNotMatch(JSON.stringify(lab.lines), /a-token/);
});

test("pods that are none of the mesh are left alone, without a word to the API server where it is not needed", async () => {
  await using lab = await QuickAddLab.create({ "kuma.io/sidecar-injected": "false" });
  await using sandbox = await lab.sandbox();
  const excluded = { CNI_ARGS: `K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=${POD.name}` };
  for (const [env, requests] of [[excluded, 0], [{ CNI_ARGS: "" }, 0], [{}, 1]] as const) {
    const done = await lab.quick("left_alone", () => sandbox.call("ADD", { env }));
    assert.deepEqual(done, { code: 0, stdout: `{\n    "cniVersion": "1.0.0"\n}`, stderr: "" });
    assert.equal(lab.api.requests > 0, requests > 0);
  }
  assert.doesNotMatch(await held(sandbox), /table|::6/);
});

test("what is out of the ordinary is the program's", async (t) => {
  let annotations: Record<string, string> = {};
  await using lab = await QuickAddLab.create({}, () => Response.json(podObject(annotations)));
  for (
    const [what, conf, asked, code, backend] of [
      ["iptables for a pod", {}, { [CONFIG]: "firewallBackend: iptables" }, 0, "iptables"],
      ["iptables for a node", { firewall_backend: "iptables" }, {}, 0, "iptables"],
      ["a bad annotation", {}, { "kuma.io/sidecar-uid": "no number" }, 1, "none"],
      ["an unknown log level", { log_level: "loud" }, {}, 0, "nftables"],
      ["eBPF or else rules", { ebpf: { bpffs_path: "/no", fallback: true } }, {}, 0, "nftables"],
      ["an unknown version", { cniVersion: "9.0.0" }, {}, 1, "none"],
    ] as const
  ) {
    await t.step(what, async () => {
      annotations = asked;
      const { done, rules } = await lab.quick("program", async () => {
        await using sandbox = await lab.sandbox();
        const kubernetes = { kubeconfig: sandbox.kubeconfig };
        const done = await sandbox.call("ADD", { stdin: netConf({ kubernetes, ...conf }) });
        return { done, rules: await held(sandbox) };
      });
      assert.equal(done.code, code, done.stdout);
      if (backend === "none") assert.doesNotMatch(rules, /KUMA_MESH/);
      else assert.equal(/table inet kuma-mesh/.test(rules), backend === "nftables", rules);
    });
  }
});

test("the pod is read anew each time, as the account of the kubeconfig that is there now", async () => {
  const tokens: (string | null)[] = [];
  let annotations = {};
  await using lab = await QuickAddLab.create({}, (request) => {
    tokens.push(request.headers.get("authorization"));
    const object = podObject(annotations);
    assert.notEqual(viewPod(object), undefined);
    return Response.json(object);
  });
  await using sandbox = await lab.sandbox();
  const ports: string[] = [];
  for (
    const [port, token] of [["15006", "first"], ["25006", "first"], ["25007", "second"]] as const
  ) {
    annotations = { "kuma.io/transparent-proxying-inbound-port": port };
    sandbox.connect(lab.api, token);
    await lab.quick("intercepted", async () => {
      await must("ip", ["netns", "exec", sandbox.name, "nft", "flush", "ruleset"]);
      assert.equal((await sandbox.call("ADD")).code, 0);
    });
    ports.push(/redirect to :(\d+) comment "[^"]*inbound/.exec(await held(sandbox))?.[1] ?? "");
  }
  assert.deepEqual(ports, ["15006", "25006", "25007"]);
  assert.deepEqual([...new Set(tokens)], ["Bearer first", "Bearer second"]);
});
