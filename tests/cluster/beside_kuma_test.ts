/**
 * `--beside-kuma` where the objects of Kuma's own chart are (testdata/kuma_chart.yaml is a model of them), before a real API
 * server and a real controller-manager. No kubelet runs the pods here.
 */
import assert from "node:assert/strict";
import type { V1DaemonSet } from "@kubernetes/client-node";
import { helmProgram } from "../chart/helm.ts";
import { kumactlPath } from "../kernel/kumactl.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { ControllerManager } from "../kube/controller_manager.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";

const KUMA = await Deno.readTextFile(new URL("./testdata/kuma_chart.yaml", import.meta.url));
const VALUES = "--beside-kuma --environment calico --registry registry.example";
const INSTALL = `kumactl install control-plane ${VALUES}`;
const UNINSTALL = `kumactl uninstall control-plane ${VALUES}`;
const KINDS = "serviceaccounts,configmaps,services,deployments,daemonsets,roles,rolebindings," +
  "poddisruptionbudgets,secrets";
const CLUSTER_KINDS = "clusterroles,clusterrolebindings,priorityclasses,crds";

interface Stored {
  readonly kind: string;
  readonly metadata: Record<string, unknown> & { annotations?: Record<string, string> };
  readonly [field: string]: unknown;
}

/**
 * What an object is, without what the API server and kubectl count and note about it, and without Kuma's word to a linter,
 * which an apply of ours takes away.
 */
function essence({ metadata, status: _, ...rest }: Stored): unknown {
  const { managedFields: _f, resourceVersion: _v, generation: _g, annotations = {}, ...kept } =
    metadata;
  const {
    "deprecated.daemonset.template.generation": _t,
    "kubectl.kubernetes.io/last-applied-configuration": _l,
    "ignore-check.kube-linter.io/run-as-non-root": _w,
    ...others
  } = annotations;
  return { ...rest, metadata: { ...kept, annotations: others } };
}

class Cluster {
  constructor(readonly kubectl: Kubectl) {}

  async ok(args: string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl.run(args, stdin);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async shell(commands: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl.shell(commands);
    assert.equal(code, 0, `${commands}\n${stderr}${stdout}`);
    return stdout;
  }

  async kumas(): Promise<unknown[]> {
    const { items } = JSON.parse(await this.ok(["get", "-f", "-", "-o", "json"], KUMA));
    return items.map(essence);
  }

  async names(): Promise<string[]> {
    const all = await this.ok(["get", KINDS, "-A", "-o", "name"]) +
      await this.ok(["get", CLUSTER_KINDS, "-o", "name"]);
    return all.trim().split("\n").sort();
  }

  async daemonSet(): Promise<V1DaemonSet> {
    return JSON.parse(
      await this.ok(["get", "ds", "kuma-cni-node", "-n", "kube-system", "-o", "json"]),
    );
  }

  /** Waits until the cluster has noted the DaemonSet's template as a revision. */
  async noted(): Promise<void> {
    await waitUntil("the DaemonSet is looked at", async () => {
      const { metadata, status } = await this.daemonSet();
      return status?.observedGeneration === metadata?.generation;
    }, { timeoutMs: 60_000 });
  }
}

requires("etcd", "kubectl", "go")("beside Kuma", async (t) => {
  await using api = await startApiServer();
  await using kubectl = await Kubectl.of(api);
  await using _manager = await ControllerManager.start(kubectl);
  await kubectl.provide("kumactl", kumactlPath());
  const cluster = new Cluster(kubectl);

  await t.step("which Helm installed", async (t) => {
    const [namespace = "", ...templates] = KUMA.split(/^---$/m);
    await Deno.mkdir(`${kubectl.folder}/kuma/templates`, { recursive: true });
    const write = (file: string, text: string) =>
      Deno.writeTextFile(`${kubectl.folder}/kuma/${file}`, text);
    await write("Chart.yaml", "apiVersion: v2\nname: kuma\nversion: 2.9.13\n");
    await write("templates/all.yaml", templates.join("---"));
    await kubectl.provide("helm", await helmProgram());
    await cluster.ok(["create", "-f", "-"], namespace);
    await cluster.shell("helm install kuma ./kuma --namespace kuma-system");
    await takeOverAndBack(
      t,
      cluster,
      () => cluster.shell("helm upgrade kuma ./kuma --namespace kuma-system"),
    );
  });

  await t.step("which kumactl and kubectl apply installed", async (t) => {
    await cluster.ok(["apply", "-f", "-"], KUMA);
    await takeOverAndBack(t, cluster, () => cluster.ok(["apply", "-f", "-"], KUMA));
  });

  await t.step("a DaemonSet that was ours from the start goes at uninstall", async () => {
    await cluster.ok(["create", "namespace", "kuma-system"]);
    const before = await cluster.names();
    await cluster.shell(`${INSTALL} | kubectl apply -f -`);
    await cluster.noted();
    await cluster.shell(UNINSTALL);
    assert.deepEqual(await cluster.names(), before);
  });
});

/** Ours over Kuma's, Kuma's again, and once more; at the end nothing of either is left. */
async function takeOverAndBack(
  t: Deno.TestContext,
  cluster: Cluster,
  upgradeKuma: () => Promise<unknown>,
): Promise<void> {
  await cluster.noted();
  const before = { kumas: await cluster.kumas(), names: await cluster.names() };

  await t.step("ours are applied, and of Kuma's the DaemonSet is taken over", async () => {
    await cluster.shell(`${INSTALL} | kubectl apply --validate=strict -f -`);
    await cluster.noted();
    const [container] = (await cluster.daemonSet()).spec?.template.spec?.containers ?? [];
    assert.match(container?.image ?? "", /^registry\.example\/kuma-cni:/);
    assert.deepEqual(container?.readinessProbe?.exec?.command, ["cat", "/tmp/ready"]);
    const mounts = container?.volumeMounts?.map(({ mountPath }) => mountPath).sort();
    assert.deepEqual(mounts, ["/host/etc/cni/net.d", "/host/opt/cni/bin", "/tmp"]);
    const others = (all: unknown[]) => (all as Stored[]).filter(({ kind }) => kind !== "DaemonSet");
    assert.deepEqual(others(await cluster.kumas()), others(before.kumas));
  });

  await t.step("applied again, nothing changes", async () => {
    const { metadata } = await cluster.daemonSet();
    const again = await cluster.shell(`${INSTALL} | kubectl apply -f -`);
    // Of lists that have more than ours kubectl always sends the order, and of a budget the selector.
    const changed = again.trim().split("\n").filter((line) =>
      !line.endsWith(" unchanged") &&
      !/^(daemonset\.apps|poddisruptionbudget\.policy)\//.test(line)
    );
    assert.deepEqual(changed, []);
    assert.equal(
      (await cluster.daemonSet()).metadata?.resourceVersion,
      metadata?.resourceVersion,
    );
  });

  await t.step("the commands of the comment hand injection over, and nothing else", async () => {
    // The webhook makes it, which no kubelet runs here.
    const bundle = /caBundle: &ca (\S+)/.exec(KUMA)?.[1] ?? "";
    await cluster.ok(
      ["create", "-f", "-"],
      JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "kuma-webhook-tls", namespace: "kuma-system" },
        data: { "ca.crt": bundle },
      }),
    );
    const comment = (await cluster.shell(INSTALL)).split("---\n")[0] ?? "";
    const lines = comment.split("\n").map((line) => line.replace(/^# ?/, ""));
    await cluster.shell(
      lines.slice(lines.findIndex((line) => line.startsWith("ca="))).join("\n"),
    );
    const services = "{.webhooks[*].clientConfig.service.name}";
    assert.equal(
      await cluster.ok([
        "get",
        "mutatingwebhookconfigurations",
        "-o",
        `jsonpath={.items[*]${services.slice(1)}`,
      ]),
      "kuma-control-plane kuma-control-plane kuma-webhook kuma-webhook",
    );
  });

  await t.step("uninstalled, Kuma's are as they were, and nothing else is left", async () => {
    const dry = await cluster.shell(`${UNINSTALL} --dry-run`);
    assert.match(dry, /^would give injection back to Kuma in kuma-admission-mutating/m);
    assert.match(dry, /^would give DaemonSet kuma-cni-node back to Kuma: its revision 1$/m);
    await cluster.shell(UNINSTALL);
    assert.deepEqual(await cluster.kumas(), before.kumas);
    assert.deepEqual(await cluster.names(), before.names);
  });

  await t.step("Kuma's are applied over ours, as an upgrade of Kuma does", async () => {
    await cluster.shell(`${INSTALL} | kubectl apply -f -`);
    await upgradeKuma();
    const [container] = (await cluster.daemonSet()).spec?.template.spec?.containers ?? [];
    assert.match(container?.image ?? "", /^docker\.io\/kumahq\/kuma-cni:/);
    // With these Kuma's image would be ended.
    assert.deepEqual([container?.startupProbe, container?.livenessProbe], [undefined, undefined]);
  });
  await cluster.shell(UNINSTALL);
  await cluster.ok(["delete", "--cascade=foreground", "--timeout=90s", "-f", "-"], KUMA);
}
