/**
 * `CNI_ARGS` as Kubernetes runtimes fill it: `K=V` pairs separated by `;`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** The pod that the runtime names; all empty where it is no Kubernetes pod. */
export interface PodArgs {
  readonly namespace: string;
  readonly name: string;
  /** Empty where the runtime does not send it. */
  readonly uid: string;
}

/** DNS subdomain (RFC 1123), the form of every pod's and namespace's name. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * Reads the arguments. Unknown keys are ignored (containerd and CRI-O send more than any list knows),
 * and so is a bad `IP`.
 *
 * @throws {KumaError} `KUMA-CNI-001` a pair without exactly one `=`, or a name that is none.
 */
export function parsePodArgs(text: string): PodArgs {
  const pairs = new Map<string, string>();
  for (const pair of text.split(";")) {
    if (pair === "" && text === "") continue;
    const [key, value, more] = pair.split("=");
    if (key === undefined || value === undefined || more !== undefined) {
      throw new KumaError(
        "KUMA-CNI-001",
        "CNI_ARGS has a pair that is not KEY=VALUE",
      );
    }
    pairs.set(key, value);
  }
  return {
    namespace: objectName(pairs, "K8S_POD_NAMESPACE"),
    name: objectName(pairs, "K8S_POD_NAME"),
    uid: pairs.get("K8S_POD_UID") ?? "",
  };
}

function objectName(pairs: ReadonlyMap<string, string>, key: string): string {
  const value = pairs.get(key) ?? "";
  if (value === "" || NAME.test(value)) return value;
  throw new KumaError(
    "KUMA-CNI-001",
    `CNI_ARGS: ${key} is not the name of a Kubernetes object`,
  );
}
