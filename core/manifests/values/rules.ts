/**
 * What values may not say together, and what would be taken from a variable or a document that objects depend on.
 *
 * @module
 */
import { parse } from "yaml";
import { errorText, KumaError } from "core/errors.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { isTrue, valueAt } from "../template/evaluate.ts";
import { variableWarning } from "./variables.ts";

/** Variables that decide objects: ports, rules, volumes. Each has a value, which is the way to say it. */
const OWNED: Readonly<Record<string, string>> = {
  KUMA_MODE: "controlPlane.mode",
  KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE: "--namespace",
  KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_PORT: "controlPlane.admissionServerPort",
  KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_ADDRESS:
    "nothing: API servers reach a pod at its address",
  KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_CERT_DIR: "controlPlane.tls.general.secretName",
  KUMA_RUNTIME_KUBERNETES_INJECTOR_CA_CERT_FILE: "controlPlane.xds.caSecretName",
  KUMA_RUNTIME_KUBERNETES_INJECTOR_CNI_ENABLED: "cni.enabled",
  KUMA_RUNTIME_KUBERNETES_INJECTOR_EBPF_ENABLED: "experimental.ebpf.enabled",
  KUMA_RUNTIME_KUBERNETES_INJECTOR_TRANSPARENT_PROXY_CONFIGMAP_NAME: "transparentProxy.configMap",
};

/** The same in the control plane's document. */
const OWNED_KEYS: Readonly<Record<string, string>> = {
  mode: "controlPlane.mode",
  "store.kubernetes.systemNamespace": "--namespace",
  "store.unsafeDelete": "controlPlane.envVars.KUMA_STORE_UNSAFE_DELETE",
  "runtime.kubernetes.admissionServer": "controlPlane.admissionServerPort and controlPlane.tls",
  "runtime.kubernetes.injector.caCertFile": "controlPlane.xds.caSecretName",
  "runtime.kubernetes.injector.cniEnabled": "cni.enabled",
  "runtime.kubernetes.injector.ebpf.enabled": "experimental.ebpf.enabled",
  "runtime.kubernetes.injector.transparentProxyConfigMap": "transparentProxy.configMap",
};

/**
 * Checks values that are complete, each by itself in order.
 *
 * @returns what their author should know
 * @throws {KumaError} `KUMA-CP-003` or `-008` naming the values
 */
export function checkTogether(values: JsonObject): string[] {
  const text = (path: string) => String(valueAt(values, path) ?? "");
  const on = (path: string) => isTrue(valueAt(values, path));
  certificate(text, on);
  const grace = Number(text("controlPlane.terminationGracePeriodSeconds"));
  const least = Number(text("webhook.drainTime")) + 15;
  if (grace < least) {
    throw contradiction(
      `controlPlane.terminationGracePeriodSeconds is ${grace}: webhook.drainTime takes ${least}`,
    );
  }
  if (text("controlPlane.mode") !== "zone") {
    for (const path of ["controlPlane.zone", "controlPlane.kdsGlobalAddress"]) {
      if (text(path) !== "") throw contradiction(`${path} is of a zone, controlPlane.mode is not`);
    }
  }
  const address = text("controlPlane.kdsGlobalAddress");
  if (address !== "" && !/^grpcs?:\/\/[^\s/]+$/.test(address)) {
    throw new KumaError(
      "KUMA-CP-003",
      `Cannot use controlPlane.kdsGlobalAddress: "${address}" is no grpc:// or grpcs:// address`,
    );
  }
  const taken = [text("cni.namespace")].find((name) => name === "");
  if (taken !== undefined) throw contradiction("cni.namespace is empty");
  document(text("controlPlane.config"));
  return variables(valueAt(values, "controlPlane.envVars"));
}

function certificate(text: (path: string) => string, on: (path: string) => boolean): void {
  const at = "controlPlane.tls.general";
  const secret = text(`${at}.secretName`), bundle = text(`${at}.caBundle`);
  if ((secret === "") !== (bundle === "")) {
    throw contradiction(`${at}.secretName and ${at}.caBundle go together: both or neither`);
  }
  if (on(`${at}.certManager.enabled`) && secret !== "") {
    throw contradiction(
      `${at}.certManager.enabled and ${at}.secretName: one of them makes the certificate`,
    );
  }
  if (bundle !== "" && !/^[A-Za-z0-9+/]+={0,2}$/.test(bundle)) {
    throw new KumaError("KUMA-CP-003", `Cannot use ${at}.caBundle: it is not base64 in one line`, {
      hint: "base64 -w0 writes it so",
    });
  }
}

function variables(map: Json): string[] {
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(isObject(map) ? map : {})) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new KumaError(
        "KUMA-CP-003",
        `controlPlane.envVars: "${name}" is no name of a variable`,
      );
    }
    if (typeof value === "object" && value !== null) {
      throw new KumaError("KUMA-CP-003", `controlPlane.envVars.${name} is not a text`);
    }
    const instead = OWNED[name];
    if (instead !== undefined && value !== null) {
      throw contradiction(`controlPlane.envVars.${name}: objects depend on it; set ${instead}`);
    }
    const warning = variableWarning(name);
    if (warning !== undefined) warnings.push(warning);
  }
  return warnings;
}

function document(text: string): void {
  if (text === "") return;
  let tree: Json;
  try {
    tree = parse(text) as Json;
  } catch (cause) {
    throw new KumaError("KUMA-CP-003", `controlPlane.config: ${errorText(cause)}`, { cause });
  }
  if (tree !== null && !isObject(tree)) {
    throw new KumaError(
      "KUMA-CP-003",
      "controlPlane.config: the document must be a map of settings",
    );
  }
  for (const [key, instead] of Object.entries(OWNED_KEYS)) {
    if (tree !== null && valueAt(tree, key) !== null) {
      throw contradiction(`controlPlane.config: ${key}: objects depend on it; set ${instead}`);
    }
  }
}

function contradiction(why: string): KumaError {
  return new KumaError("KUMA-CP-008", why);
}
