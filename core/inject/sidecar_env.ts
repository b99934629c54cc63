/**
 * The environment of the container kuma-sidecar.
 *
 * @module
 */
import { POD_ENV } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import { compareBytes } from "core/text/compare_bytes.ts";
import type { InjectionContext } from "./context.ts";
import type { PodOptions } from "./options.ts";

const TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where the sidecar looks for its service-account token. */
export const TOKEN_PATH = TOKEN_FOLDER;

/** The variables sorted by name in byte order, as Kuma writes them. */
export function sidecarEnv(
  options: PodOptions,
  mesh: string,
  context: InjectionContext,
): JsonObject[] {
  const { settings } = context;
  const variables = new Map<string, JsonObject>();
  const set = (name: string, value: string) =>
    variables.set(name, value === "" ? { name } : { name, value });
  const field = (name: string, fieldPath: string) =>
    variables.set(name, { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } });

  field(POD_ENV.instanceIp, "status.podIP");
  field(POD_ENV.podName, "metadata.name");
  field(POD_ENV.podNamespace, "metadata.namespace");
  set(POD_ENV.applicationProbeProxyPort, String(options.probes.proxyPort));
  set(POD_ENV.controlPlaneCaCert, context.caCert ?? "");
  const host = `${settings.controlPlaneServiceName}.${settings.systemNamespace}`;
  set(
    POD_ENV.controlPlaneUrl,
    settings.controlPlaneUrl || `https://${host}:${settings.dpServerPort}`,
  );
  set(POD_ENV.dataplaneDrainTime, options.drainTime);
  set(POD_ENV.dataplaneMesh, mesh);
  set(POD_ENV.tokenPath, `${TOKEN_FOLDER}/token`);
  if (options.logLevel !== undefined) set(POD_ENV.envoyLogLevel, options.logLevel);
  if (options.componentLogLevel !== undefined) {
    set(POD_ENV.envoyComponentLogLevel, options.componentLogLevel);
  }
  set(POD_ENV.dnsEnabled, String(options.dns.enabled));
  if (options.dns.enabled) {
    set(POD_ENV.dnsCoreDnsBinaryPath, "coredns");
    set(POD_ENV.dnsCoreDnsPort, String(options.dns.port));
    // Envoy answers for the mesh's own names two ports above CoreDNS.
    set(POD_ENV.dnsEnvoyDnsPort, String(options.dns.port + 2));
    set(POD_ENV.dnsEnableLogging, String(options.dns.logging));
  }
  for (const [name, value] of options.envVars) set(name, value);
  return [...variables].sort(([a], [b]) => compareBytes(a, b)).map(([, variable]) => variable);
}
