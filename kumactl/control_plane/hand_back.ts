/**
 * Gives Kuma's control plane back what was taken over from it: injection, and the DaemonSet of its CNI.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { valueAt } from "core/manifests/template/evaluate.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { kubectlOk } from "./kubectl.ts";

const CONFIGURATION = "kuma-admission-mutating-webhook-configuration";

/** What is done, and what would be. */
export interface HandBack {
  /** One line, for a person. */
  readonly what: string;
  readonly run: () => Promise<string>;
}

/**
 * Injection: those entries of Kuma's webhook configuration that call one of our Services call the Service of its other
 * entries again, with their CA. Undefined where none calls ours.
 *
 * @param ours names of our Services
 * @throws {KumaError} `KUMA-CP-009` where every entry calls ours, so that nobody knows what Kuma's was
 */
export async function injectionBack(ours: readonly string[]): Promise<HandBack | undefined> {
  const place = ["mutatingwebhookconfiguration", CONFIGURATION];
  const found = await kubectlOk(["get", ...place, "--ignore-not-found", "-o", "json"]);
  if (found.trim() === "") return undefined;
  const patch = injectionPatch(JSON.parse(found), ours);
  if (patch.length === 0) return undefined;
  return {
    what: `give injection back to Kuma in ${CONFIGURATION}`,
    run: () => kubectlOk(["patch", ...place, "--type=json", "-p", JSON.stringify(patch)]),
  };
}

/** The JSON patch of {@linkcode injectionBack}. A configuration that somebody changes meanwhile is not patched. */
export function injectionPatch(configuration: JsonObject, ours: readonly string[]): JsonObject[] {
  const entries = Array.isArray(configuration.webhooks) ? configuration.webhooks : [];
  const serviceOf = (entry: Json) =>
    String(valueAt(entry as JsonObject, "clientConfig.service.name"));
  const own = entries.flatMap((entry, at) => ours.includes(serviceOf(entry)) ? [at] : []);
  if (own.length === 0) return [];
  const kumas = entries.find((entry) => isObject(entry) && !ours.includes(serviceOf(entry)));
  if (kumas === undefined || !isObject(kumas)) {
    throw new KumaError("KUMA-CP-009", `every entry of ${CONFIGURATION} calls our Service`, {
      hint: "upgrade Kuma, which writes its own there, and run the command again",
    });
  }
  const bundle = valueAt(kumas, "clientConfig.caBundle");
  return own.flatMap((at): JsonObject[] => {
    const path = `/webhooks/${at}/clientConfig`;
    return [
      { op: "test", path: `${path}/service/name`, value: serviceOf(entries[at] ?? null) },
      { op: "replace", path: `${path}/service/name`, value: serviceOf(kumas) },
      ...bundle === null
        ? [{ op: "remove", path: `${path}/caBundle` }]
        : [{ op: "replace", path: `${path}/caBundle`, value: bundle }],
    ];
  });
}

/**
 * The CNI's DaemonSet: back to the last revision that was not ours, which the cluster keeps (ten of them by default).
 * Undefined where there is none: then it has been ours from the start.
 *
 * @param daemonSet ours, as it was printed
 * @param seconds how long its pods may take
 */
export async function daemonSetBack(
  daemonSet: JsonObject,
  seconds: number,
): Promise<HandBack | undefined> {
  const name = String(valueAt(daemonSet, "metadata.name"));
  const place = ["-n", String(valueAt(daemonSet, "metadata.namespace"))];
  const list = ["get", "controllerrevisions", ...place, "-o", "json"];
  const { items } = JSON.parse(await kubectlOk(list)) as { items: JsonObject[] };
  const revision = kumasRevision(items, name);
  if (revision === undefined) return undefined;
  const set = `daemonset/${name}`;
  return {
    what: `give DaemonSet ${name} back to Kuma: its revision ${revision}`,
    run: async () => {
      const undo = ["rollout", "undo", set, ...place, `--to-revision=${revision}`];
      const status = ["rollout", "status", set, ...place, `--timeout=${seconds}s`];
      return await kubectlOk(undo) +
        await kubectlOk(status, { timeoutMs: seconds * 1000 + 10_000 });
    },
  };
}

/** The newest revision of a DaemonSet whose installer is not ours, by a variable that only ours is given. */
export function kumasRevision(
  revisions: readonly JsonObject[],
  daemonSet: string,
): number | undefined {
  const kumas = revisions.filter((one) => {
    const owners = valueAt(one, "metadata.ownerReferences");
    return Array.isArray(owners) &&
      owners.some((owner) =>
        isObject(owner) && owner.kind === "DaemonSet" && owner.name === daemonSet
      ) && !JSON.stringify(one.data).includes('"CNI_DAEMONSET_NAME"');
  }).map(({ revision }) => Number(revision));
  return kumas.length === 0 ? undefined : Math.max(...kumas);
}
