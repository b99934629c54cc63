/**
 * What the MutatingWebhookConfiguration says about the injection of pods.
 *
 * @module
 */
import { INJECTORS } from "core/inject/called.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";

/** The Service that the API server calls. */
export interface CalledService {
  readonly namespace: string;
  readonly name: string;
}

/** An entry of the configuration. */
export interface InjectorEntry {
  readonly name: string;
  readonly service: CalledService | undefined;
  /** PEM; empty where it is none, or no base64. */
  readonly caBundle: string;
}

/** The entries about pods. */
export function injectorEntries(configuration: JsonObject): InjectorEntry[] {
  return objectsIn(configuration.webhooks).flatMap(({ name, clientConfig }) => {
    if (typeof name !== "string" || !INJECTORS.includes(name)) return [];
    const { service, caBundle } = isObject(clientConfig) ? clientConfig : {};
    return [{ name, service: serviceOf(service), caBundle: pem(caBundle) }];
  });
}

/** The Service of the first entry that names one. */
export function calledService(configuration: JsonObject | undefined): CalledService | undefined {
  if (configuration === undefined) return undefined;
  return injectorEntries(configuration).find(({ service }) => service !== undefined)?.service;
}

function serviceOf(value: unknown): CalledService | undefined {
  const { namespace, name } = (value ?? {}) as Record<string, unknown>;
  return typeof namespace === "string" && typeof name === "string"
    ? { namespace, name }
    : undefined;
}

function pem(value: unknown): string {
  if (typeof value !== "string") return "";
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(value));
  } catch {
    // The API server takes none such; empty, the check says that there is none.
    return "";
  }
}
