/**
 * The Helm chart, rendered by Helm itself, gives the objects that `kumactl install control-plane` prints.
 */
import assert from "node:assert/strict";
import { writeChart } from "build/chart.ts";
import { ran } from "core/program/testing.ts";
import { parseAllDocuments } from "core/proxy/yaml_library.ts";
import { KUMACTL } from "../../kumactl/program.ts";
import { requires } from "../support/requires.ts";
import { helmTemplate } from "./helm.ts";

const test = requires("go");

/** Values by what they are about; each has to give the same objects both ways. */
const CASES: Record<string, string[]> = {
  "defaults": [],
  "the CNI of a Calico cluster": [
    "cni.enabled=true",
    "cni.chained=true",
    "cni.confName=10-calico.conflist",
    "cni.netDir=/etc/cni/net.d",
    "cni.binDir=/opt/cni/bin",
  ],
  "images, zone, variables and labels": [
    "global.image.registry=registry.example:5000/a",
    "global.image.tag=1.2",
    "controlPlane.zone=eu-1",
    "controlPlane.envVars.KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED=false",
    "controlPlane.envVars.A=1",
    "controlPlane.extraLabels.team=mesh",
    "controlPlane.tolerations[0].key=a",
    "nameOverride=mesh",
  ],
  "nothing that can be switched off": [
    "controller.enabled=false",
    "cni.enabled=false",
    "controlPlane.injectorFailurePolicy=Ignore",
  ],
  "a certificate of cert-manager": ["controlPlane.tls.general.certManager.enabled=true"],
  "a certificate of one's own": [
    "controlPlane.tls.general.secretName=mine",
    "controlPlane.tls.general.caBundle=QUJD",
  ],
  "eBPF and a ConfigMap for the transparent proxy": [
    "cni.enabled=true",
    "experimental.ebpf.enabled=true",
    "transparentProxy.configMap.enabled=true",
  ],
  "a CNI with everything that nodes may have": [
    ...["cni.enabled=true", "cni.logLevel=debug", "cni.namespace=cni-system"],
    ...["cni.containerSecurityContext.privileged=true", "cni.podAnnotations.a=b"],
    ...["cni.tolerations[0].key=gpu", "cni.tolerations[0].operator=Exists"],
    ...["cni.nodeSelector.disk=ssd", "global.imagePullSecrets={one,two}"],
  ],
  "variables that override with nothing, false, 0 and large numbers": [
    "controlPlane.envVars.KUMA_STORE_UNSAFE_DELETE=true",
    "controlPlane.envVars.KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT=0",
    "controlPlane.envVars.LARGE=1500000",
    "controlPlane.envVars.KUMA_RUNTIME_KUBERNETES_SIDECAR_TRAFFIC_EXCLUDE_INBOUND_IPS=",
    "controlPlane.envVars.KUMA_RUNTIME_KUBERNETES_INJECTOR_CONTAINER_PATCHES=a\\,b",
    'controlPlane.envVars.QUOTES=x{{a}} "b" <c> \\\\',
    "controlPlane.envVarEntries[0].name=NODE",
    "controlPlane.envVarEntries[0].valueFrom.fieldRef.fieldPath=spec.nodeName",
  ],
  "where pods go, and what they get": [
    ...["controlPlane.nodeSelector.disk=ssd", "controlPlane.podAnnotations.a=b"],
    ...["controlPlane.priorityClassName=system-cluster-critical", "controlPlane.replicas=3"],
    ...["controlPlane.hostNetwork=true", "controlPlane.admissionServerPort=6443"],
    ...["controlPlane.dns.policy=None", "controlPlane.dns.config.nameservers={10.0.0.10}"],
    ...["controlPlane.affinity.nodeAffinity.x=y", "controlPlane.podDisruptionBudget.enabled=false"],
    ...["controlPlane.resources.limits.memory=1Gi"],
  ],
  "a document, and a control plane elsewhere": [
    ...["controlPlane.config=dpServer: {port: 5679}", "controlPlane.xds.caSecretName=ca"],
    ...["controlPlane.xds.address=https://cp.example:5678", "dataPlane.dnsLogging=true"],
    ...["experimental.sidecarContainers=true", "transparentProxy.configMap.enabled=true"],
    ...["transparentProxy.configMap.config.redirect.dns.port=15054"],
  ],
  "numbers and switches where texts are meant": [
    ...["global.image.tag=1", "cni.enabled=true", "cni.image.tag=0", "controlPlane.zone=7"],
    ...["dataPlane.image.tag=true", "cni.confName=5"],
  ],
  "a global control plane": ["controlPlane.mode=global"],
  "cert-manager with an issuer of one's own": [
    "controlPlane.tls.general.certManager.enabled=true",
    "controlPlane.tls.general.certManager.issuerRef.name=ours",
    "controlPlane.tls.general.certManager.issuerRef.kind=ClusterIssuer",
  ],
};

/** What both refuse: the command by its table of values, Helm by the schema that is made of it. */
const REFUSED = [
  ...["cni.confname=x", "controlPlane.mode=both", "controlPlane.replicas=many"],
  ...["cni.netDir=relative", "ingress.enabled=true", "controlPlane.envVar.A=b"],
];

for (const set of REFUSED) {
  test(`chart and command refuse ${set}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await writeChart(`${folder}/chart`);
      const helm = await helmTemplate(`${folder}/chart`, [set]);
      const printed = await ran(KUMACTL, ["install", "control-plane", "--set", set]);
      assert.deepEqual([helm.code, printed.code], [1, 1], helm.stderr);
      assert.match(helm.stderr, /values don't meet the specifications of the schema/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Objects by kind and name, each with its keys sorted; the namespace itself is Helm's business. */
function objectsIn(text: string): Map<string, unknown> {
  const all = parseAllDocuments(text).map((document) => (document as { toJS(): unknown }).toJS());
  const objects = all.filter((one): one is Named => one !== null && typeof one === "object")
    .filter(({ kind }) => kind !== "Namespace");
  return new Map(objects.map((one) => [`${one.kind}/${one.metadata.name}`, one]));
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

for (const [name, values] of Object.entries(CASES)) {
  test(`chart and command give the same: ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await writeChart(`${folder}/chart`);
      const rendered = await helmTemplate(`${folder}/chart`, values);
      assert.equal(rendered.code, 0, rendered.stderr);
      const sets = values.flatMap((value) => ["--set", value]);
      const printed = await ran(KUMACTL, ["install", "control-plane", ...sets]);
      assert.equal(printed.code, 0, printed.err);
      const theirs = objectsIn(rendered.stdout), ours = objectsIn(printed.out);
      assert.deepEqual([...theirs.keys()].sort(), [...ours.keys()].sort());
      for (const [key, object] of ours) assert.deepEqual(theirs.get(key), object, key);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
