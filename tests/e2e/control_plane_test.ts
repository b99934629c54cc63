/**
 * What `kumactl install control-plane` prints, before a real API server: its strict validation, and the Pod Security level
 * of the pods. No kubelet runs them here: tests/node does that.
 */
import assert from "node:assert/strict";
import type { V1Deployment } from "@kubernetes/client-node";
import { ran } from "core/program/testing.ts";
import { parseAllDocuments } from "yaml";
import { KUMACTL } from "../../kumactl/program.ts";
import { type KubeObject, startApiServer } from "../kube/apiserver.ts";
import { Kubectl } from "../kube/kubectl.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";

/** Flags by what they are about; together they make every kind of object and most fields. */
const INSTALLATIONS: [string, string[]][] = [
  ["nothing said", []],
  ["everything on", [
    ...["--environment", "eks", "--zone", "east", "--registry", "registry.example:5000/kuma"],
    ...["--env-var", "KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED=false"],
    ...["--control-plane-node-selector", "disk=ssd", "--cni-node-selector", "disk=ssd"],
    ...["--set", "experimental.ebpf.enabled=true,transparentProxy.configMap.enabled=true"],
    ...["--set", "global.imagePullSecrets={one,two},controlPlane.config=dpServer: {port: 5679}"],
    ...["--set", "controlPlane.extraLabels.team=mesh,controlPlane.podAnnotations.a=b"],
    ...[
      "--set",
      "controlPlane.deploymentAnnotations.a=b,controlPlane.serviceAccountAnnotations.a=b",
    ],
    ...["--set", "controlPlane.tolerations[0].key=a,controlPlane.tolerations[0].operator=Exists"],
    ...["--set", "controlPlane.dns.policy=None,controlPlane.dns.config.nameservers={10.0.0.10}"],
    ...[
      "--set",
      "controlPlane.xds.caSecretName=ca,controlPlane.xds.address=https://cp.example:5678",
    ],
    ...["--set", "cni.tolerations[0].key=gpu,cni.tolerations[0].operator=Exists"],
    ...["--set", "controlPlane.envVarEntries[0].name=NODE"],
    ...["--set", "controlPlane.envVarEntries[0].valueFrom.fieldRef.fieldPath=spec.nodeName"],
    // What the API server would fill in, since kubectl takes lists without it for changed.
    ...["--set", "controlPlane.envVarEntries[0].valueFrom.fieldRef.apiVersion=v1"],
    ...["--set", "cni.containerSecurityContext.privileged=true,controller.repair=delete"],
  ]],
  ["a certificate of one's own, a global control plane, names of Kong Mesh", [
    ...["--tls-general-secret", "mine", "--tls-general-ca-bundle", "Y2E=", "--mode", "global"],
    ...["--set", "kuma.nameOverride=kong-mesh,kuma.cni.enabled=true"],
    ...["--injector-failure-policy", "Ignore"],
  ]],
  ["beside Kuma", ["--beside-kuma", "--cni-enabled"]],
];

const test = requires("etcd", "kubectl");

test("the manifests pass strict validation, and the Deployments' pods are restricted", async (t) => {
  await using cluster = await startApiServer();
  await using kubectl = await Kubectl.of(cluster);
  await cluster.createNamespace("strict", { "pod-security.kubernetes.io/enforce": "restricted" });

  for (const [name, flags] of INSTALLATIONS) {
    await t.step(name, async () => {
      const { code, out, err } = await ran(KUMACTL, ["install", "control-plane", ...flags]);
      assert.equal(code, 0, err);
      const apply = ["apply", "--validate=strict", "-f", "-"];
      const applied = await kubectl.run(apply, out);
      assert.equal(applied.code, 0, applied.stderr);
      assert.equal(applied.stderr, "", "no warning either");
      const versions = async () => {
        const { stdout } = await kubectl.run(["get", "-f", "-", "-o", "json"], out);
        const { items } = JSON.parse(stdout) as { items: KubeObject[] };
        return items.map(({ kind, metadata }) =>
          `${kind} ${metadata?.name} ${metadata?.resourceVersion}`
        );
      };
      const first = await versions();
      const again = await kubectl.run(apply, out);
      assert.equal(again.code, 0, again.stderr);
      // Of a budget kubectl always sends the selector, and says so.
      const changed = again.stdout.trim().split("\n")
        .filter((line) => !line.endsWith(" unchanged") && !line.startsWith("poddisruptionbudget."));
      assert.deepEqual(changed, []);
      assert.deepEqual(await versions(), first, "applying the same again changes nothing");

      const objects = parseAllDocuments(out).map((one) => one.toJS() as V1Deployment);
      for (const { kind, metadata, spec } of objects) {
        if (kind !== "Deployment") continue;
        const account = spec?.template.spec?.serviceAccountName ?? "";
        await kubectl.run(["-n", "strict", "create", "serviceaccount", account]);
        const pod = {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: `${metadata?.name}-${crypto.randomUUID().slice(0, 8)}` },
          spec: { ...spec?.template.spec, priorityClassName: "" },
        };
        const made = await kubectl.run(
          ["-n", "strict", "create", "--dry-run=server", "-f", "-"],
          JSON.stringify(pod),
        );
        assert.equal(made.code, 0, made.stderr);
        assert.doesNotMatch(made.stderr, /PodSecurity/);
      }
    });
  }

  await t.step("the definitions that come with it are served", async () => {
    for (const kind of ["dataplanes", "containerpatches", "meshes"]) {
      await waitUntil(
        `${kind} are served`,
        async () => (await kubectl.run(["get", `${kind}.kuma.io`, "-A"])).code === 0,
      );
    }
  });
});
