/**
 * Objects as the text that `kubectl apply -f -` reads.
 *
 * @module
 */
import { stringify } from "yaml";
import { KUMA_VERSION, VERSION } from "core/version.ts";
import type { JsonObject } from "core/patch/json.ts";
import { isTrue, valueAt } from "./template/evaluate.ts";

/** The objects as one YAML text of several documents. */
export function yamlOf(objects: readonly object[]): string {
  const one = (object: object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
  return objects.map((object) => `---\n${one(object)}`).join("");
}

/** What the comment at the head of the manifests is made of. */
export interface Heading {
  readonly namespace: string;
  readonly values: JsonObject;
  readonly besideKuma: boolean;
}

/** The control plane that sidecars ask. */
function controlPlaneAddress({ namespace, values }: Omit<Heading, "besideKuma">): string {
  const said = String(valueAt(values, "controlPlane.xds.address") ?? "");
  const service = String(valueAt(values, "controlPlane.service.name"));
  return said === "" ? `https://${service}.${namespace}:5678` : said;
}

/** The first lines: what this is, and what is not in it. */
export function leadingComment(heading: Heading): string {
  const { values, besideKuma, namespace } = heading;
  const what = [
    "the webhook",
    ...isTrue(valueAt(values, "controller.enabled")) ? ["the controller"] : [],
    ...isTrue(valueAt(values, "cni.enabled")) ? ["the CNI"] : [],
  ];
  const list = `${what.slice(0, -1).join(", ")}${what.length > 1 ? " and " : ""}${what.at(-1)}`;
  const lines = [
    `Kuma node tooling ${VERSION} (as Kuma ${KUMA_VERSION}): ${list}. The control plane that sidecars ask is not part of it: ${
      controlPlaneAddress(heading)
    }`,
    ...besideKuma ? handOver(namespace, values) : [],
  ];
  return lines.map((line) => `# ${line}`.trimEnd() + "\n").join("");
}

/** Service and CA change in one request, so that no pod is refused meanwhile. */
function handOver(namespace: string, values: JsonObject): string[] {
  const stem = String(valueAt(values, "nameOverride") || "kuma");
  const bundle = String(valueAt(values, "controlPlane.tls.general.caBundle") ?? "");
  const entry = (name: string) => [
    `  - name: ${name}-kuma-injector.kuma.io`,
    `    clientConfig: {service: {name: ${stem}-webhook}, caBundle: ${bundle || "${ca:?}"}}`,
  ];
  return [
    "Beside Kuma: its namespace, definitions and webhook configurations stay as they are. When these pods are ready,",
    "this hands injection over to them (an upgrade of Kuma takes it back):",
    "",
    ...bundle === ""
      ? [
        `ca=$(kubectl -n ${namespace} get secret ${stem}-webhook-tls -o jsonpath='{.data.ca\\.crt}')`,
      ]
      : [],
    'kubectl patch mutatingwebhookconfiguration kuma-admission-mutating-webhook-configuration -p "',
    "webhooks:",
    ...entry("namespace"),
    ...entry("pods"),
    '"',
  ];
}
