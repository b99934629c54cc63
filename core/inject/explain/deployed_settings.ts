/**
 * The settings of the injector that a cluster really calls, as far as whoever asks may read them: from the
 * webhook configuration over the Service to the Deployment's variables and document. Kuma's control plane
 * is found as our webhook is.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { isObject, type Json, type JsonObject, objectsIn, own } from "core/patch/json.ts";
import type { SettingsDocument } from "core/settings/load.ts";
import { INJECTORS } from "../called.ts";

/** What was found, and what was not, in words. */
export interface DeployedSettings {
  readonly environment: Readonly<Record<string, string>>;
  readonly document: SettingsDocument | undefined;
  /** `Deployment kuma-system/kuma-webhook`; undefined where it could not be found. */
  readonly source: string | undefined;
  /** What had to be assumed. */
  readonly assumptions: readonly string[];
}

/** Whoever gives the JSON of a path: a `KubeClient`. */
export interface Reader {
  json(path: string): Promise<Json>;
}

const CONFIGURATION =
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/kuma-admission-mutating-webhook-configuration";

/** Reads them; never throws: what cannot be read is an assumption. */
export async function deployedSettings(connection: Reader): Promise<DeployedSettings> {
  try {
    return await read(connection);
  } catch (thrown) {
    const why = errorText(thrown);
    return {
      environment: {},
      document: undefined,
      source: undefined,
      assumptions: [`the injector has the default settings, since its own cannot be read: ${why}`],
    };
  }
}

async function read(connection: Reader): Promise<DeployedSettings> {
  const { namespace, name } = serviceOf(await connection.json(CONFIGURATION));
  const inNamespace = `namespaces/${encodeURIComponent(namespace)}`;
  const service = await connection.json(
    `/api/v1/${inNamespace}/services/${encodeURIComponent(name)}`,
  );
  const selector = memberOf(service, "spec", "selector");
  const all = await connection.json(`/apis/apps/v1/${inNamespace}/deployments`);
  const deployment = objectsIn(memberOf(all, "items")).find((one) =>
    isObject(selector) && selects(selector, memberOf(one, "spec", "template", "metadata", "labels"))
  );
  if (deployment === undefined) {
    throw new Error(`no Deployment is behind Service ${namespace}/${name}`);
  }
  const assumptions: string[] = [];
  const spec = memberOf(deployment, "spec", "template", "spec");
  const [container = {}] = objectsIn(memberOf(spec, "containers"));
  const configMap = async (map: string): Promise<JsonObject> => {
    const path = `/api/v1/${inNamespace}/configmaps/${encodeURIComponent(map)}`;
    try {
      const data = memberOf(await connection.json(path), "data");
      return isObject(data) ? data : {};
    } catch (thrown) {
      const why = errorText(thrown);
      assumptions.push(`ConfigMap ${namespace}/${map} is empty, since it cannot be read: ${why}`);
      return {};
    }
  };
  return {
    environment: await variables(container, namespace, configMap, assumptions),
    document: await documentOf(spec, container, configMap, assumptions),
    source: `Deployment ${namespace}/${String(memberOf(deployment, "metadata", "name"))}`,
    assumptions,
  };
}

function serviceOf(configuration: Json): { namespace: string; name: string } {
  const webhook = objectsIn(memberOf(configuration, "webhooks")).find(({ name }) =>
    typeof name === "string" && INJECTORS.includes(name)
  );
  const namespace = memberOf(webhook, "clientConfig", "service", "namespace");
  const name = memberOf(webhook, "clientConfig", "service", "name");
  if (typeof namespace === "string" && typeof name === "string") return { namespace, name };
  throw new Error("the webhook configuration names no Service for the injection of pods");
}

type ReadMap = (name: string) => Promise<JsonObject>;

async function variables(
  container: JsonObject,
  namespace: string,
  configMap: ReadMap,
  assumptions: string[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const from of objectsIn(container.envFrom)) {
    const name = memberOf(from, "configMapRef", "name");
    if (typeof name !== "string") continue;
    for (const [key, value] of Object.entries(await configMap(name))) {
      found[`${typeof from.prefix === "string" ? from.prefix : ""}${key}`] = String(value);
    }
  }
  for (const { name, value, valueFrom } of objectsIn(container.env)) {
    if (typeof name !== "string" || !name.startsWith("KUMA_")) continue;
    const map = memberOf(valueFrom, "configMapKeyRef", "name");
    const key = memberOf(valueFrom, "configMapKeyRef", "key");
    if (valueFrom === undefined) found[name] = typeof value === "string" ? value : "";
    else if (memberOf(valueFrom, "fieldRef", "fieldPath") === "metadata.namespace") {
      found[name] = namespace;
    } else if (typeof map === "string" && typeof key === "string") {
      found[name] = String(own(await configMap(map), key) ?? "");
    } else assumptions.push(`${name} of the injector is not set, since it cannot be read`);
  }
  return found;
}

/** The document that the container's command line names, where a ConfigMap is mounted there. */
async function documentOf(
  spec: Json | undefined,
  container: JsonObject,
  configMap: ReadMap,
  assumptions: string[],
): Promise<SettingsDocument | undefined> {
  const words = [container.command, container.args].flatMap((list) =>
    Array.isArray(list) ? list.map(String) : []
  );
  const at = words.findIndex((word) => /^--config-file(=|$)/.test(word));
  const path = at < 0 ? undefined : words[at]?.split("=")[1] ?? words[at + 1];
  if (path === undefined) return undefined;
  const mount = objectsIn(container.volumeMounts).find(({ mountPath }) =>
    typeof mountPath === "string" && path.startsWith(`${mountPath}/`)
  );
  const volume = objectsIn(memberOf(spec, "volumes")).find(({ name }) => name === mount?.name);
  const name = memberOf(volume, "configMap", "name");
  if (typeof name !== "string") {
    assumptions.push(`${path} of the injector is empty, since it is in no ConfigMap`);
    return undefined;
  }
  const file = path.slice(String(mount?.mountPath).length + 1);
  const items = objectsIn(memberOf(volume, "configMap", "items"));
  const key = items.find((item) => item.path === file)?.key ?? file;
  const text = own(await configMap(name), String(key));
  return { name: `ConfigMap ${name}`, text: typeof text === "string" ? text : "" };
}

function selects(selector: JsonObject, labels: Json | undefined): boolean {
  return isObject(labels) && Object.keys(selector).length > 0 &&
    Object.entries(selector).every(([key, value]) => own(labels, key) === value);
}

function memberOf(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (at, key) => isObject(at) ? own(at, key) : undefined,
    value,
  );
}
