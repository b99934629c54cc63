/** The Helm chart, installed, upgraded and uninstalled by Helm itself before a real API server. No kubelet runs the pods. */
import assert from "node:assert/strict";
import { writeChart } from "build/chart.ts";
import { ran } from "core/program/testing.ts";
import { KUMACTL } from "../../kumactl/program.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { requires } from "../support/requires.ts";
import { helmProgram } from "./helm.ts";

const SETS = "--set global.image.registry=registry.example --set cni.enabled=true " +
  "--set experimental.ebpf.enabled=true --set transparentProxy.configMap.enabled=true";
const OURS = "deployments,daemonsets,services,serviceaccounts,configmaps,roles,rolebindings," +
  "poddisruptionbudgets,clusterroles,clusterrolebindings,priorityclasses," +
  "mutatingwebhookconfigurations,validatingwebhookconfigurations";

requires("etcd", "kubectl", "go")("Helm installs, upgrades and uninstalls the chart", async (t) => {
  await using api = await startApiServer();
  await using kubectl = await Kubectl.of(api);
  await kubectl.provide("helm", await helmProgram());
  await writeChart(`${kubectl.folder}/chart`);
  const shell = async (commands: string) => {
    const { code, stdout, stderr } = await kubectl.shell(commands);
    assert.equal(code, 0, `${commands}\n${stderr}${stdout}`);
    return stdout;
  };
  const versions = () =>
    shell(
      `kubectl get ${OURS} -A --sort-by=.metadata.uid -o ` +
        "custom-columns=:.kind,:.metadata.name,:.metadata.resourceVersion",
    );
  const before = await versions();

  await t.step("installed, there is what kumactl prints", async () => {
    await shell(`helm install kuma ./chart --namespace kuma-system --create-namespace ${SETS}`);
    const words = ["install", "control-plane", "--skip-kinds", "Namespace", ...SETS.split(" ")];
    const printed = await ran(KUMACTL, words);
    assert.equal(printed.code, 0, printed.err);
    const { code, stdout, stderr } = await kubectl.run(["diff", "-f", "-"], printed.out);
    assert.equal(code, 0, stdout + stderr);
  });

  await t.step("upgraded with the same, nothing changes", async () => {
    const installed = await versions();
    await shell("helm upgrade kuma ./chart --namespace kuma-system --reuse-values");
    assert.equal(await versions(), installed);
  });

  await t.step("what the schema refuses is not installed", async () => {
    const { code, stderr } = await kubectl.shell(
      "helm upgrade kuma ./chart --namespace kuma-system --reuse-values --set cni.confname=x",
    );
    assert.equal(code, 1);
    assert.match(stderr, /specifications of the schema/);
  });

  await t.step("uninstalled, nothing of it is left but the definitions", async () => {
    await shell("helm uninstall kuma --namespace kuma-system");
    assert.equal(await versions(), before);
    assert.match(await shell("kubectl get crd -o name"), /meshes\.kuma\.io/);
  });
});
