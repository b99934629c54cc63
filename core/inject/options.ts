/**
 * Everything about one pod that annotations and settings decide, as plain data with nothing left to
 * parse.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { SettingName } from "./settings/table.ts";
import { formatGoDuration, parseGoDuration } from "core/grammar/go_duration.ts";
import { quoted, readList, readSwitch, wrongValue } from "core/grammar/go_text.ts";
import { within } from "core/grammar/echo.ts";
import { asAnnotationError, type Inputs, WRITTEN_BACK } from "./inputs.ts";
import type { PodView } from "./pod.ts";
import { type ProbeOptions, probeOptions } from "./probe_options.ts";
import { thousandths } from "./quantity.ts";

/** The sidecar's DNS proxy. */
export interface DnsOptions {
  readonly enabled: boolean;
  readonly port: number;
  readonly logging: boolean;
}

/** The options that do not depend on how the redirection is delivered. */
export interface PodOptions {
  readonly gateway: boolean;
  readonly probes: ProbeOptions;
  readonly dns: DnsOptions;
  readonly adminPort: number;
  /** 0: the sidecar gets no `--concurrency`. */
  readonly concurrency: number;
  /** Go's notation. */
  readonly drainTime: string;
  readonly waitForDataplane: boolean;
  readonly logLevel: string | undefined;
  readonly componentLogLevel: string | undefined;
  /** Further variables of the sidecar, in order; later ones win. */
  readonly envVars: readonly (readonly [string, string])[];
  readonly tokenVolume: string | undefined;
  readonly initFirst: boolean;
}

const MAX_PORT = 65_535;
/** Envoy's own port is two above it. */
const MAX_DNS_PORT = MAX_PORT - 2;
const MAX_UINT32 = 4_294_967_295;

/** Fields that no annotation decides; written down for `explain`. */
const FIXED: readonly (readonly [option: string, setting: SettingName])[] = [
  ["sidecar image", "sidecarImage"],
  ["init image", "initImage"],
  ["sidecar user", "uid"],
  ["sidecar group", "gid"],
  ["sidecar CPU request", "requestCpu"],
  ["sidecar memory request", "requestMemory"],
  ["sidecar CPU limit", "limitCpu"],
  ["sidecar memory limit", "limitMemory"],
  ["control plane service", "controlPlaneServiceName"],
  ["control plane address", "controlPlaneUrl"],
  ["control plane CA", "caCertFile"],
  ["system namespace", "systemNamespace"],
  ["control plane port", "dpServerPort"],
  ["CNI", "cniEnabled"],
  ["readiness initial delay", "readinessInitialDelay"],
  ["readiness timeout", "readinessTimeout"],
  ["readiness period", "readinessPeriod"],
  ["readiness success threshold", "readinessSuccess"],
  ["readiness failure threshold", "readinessFailure"],
  ["liveness initial delay", "livenessInitialDelay"],
  ["liveness timeout", "livenessTimeout"],
  ["liveness period", "livenessPeriod"],
  ["liveness failure threshold", "livenessFailure"],
  ["startup initial delay", "startupInitialDelay"],
  ["startup timeout", "startupTimeout"],
  ["startup period", "startupPeriod"],
  ["startup failure threshold", "startupFailure"],
];

/** Resolves them. Throws `KUMA-WH-002` for a wrong annotation, `KUMA-WH-006` for a missing volume. */
export function podOptions(pod: PodView, inputs: Inputs): PodOptions {
  for (const [option, setting] of FIXED) inputs.setting(option, setting);
  const drainTime = drain(inputs);
  const gateway = isGateway(inputs);
  const probes = probeOptions(inputs, gateway);
  const envVars = [...envSetting(inputs), ...envAnnotation(inputs)];
  const adminPort = inputs.uint(ANNOTATIONS.envoyAdminPort, MAX_PORT) || undefined;
  const wait = inputs.switch(ANNOTATIONS.waitForDataplaneReady);
  return {
    gateway,
    probes,
    dns: dnsOptions(inputs),
    adminPort: inputs.choose(
      "Envoy admin port",
      ANNOTATIONS.envoyAdminPort,
      adminPort,
      "adminPort",
    ),
    concurrency: concurrency(inputs),
    drainTime,
    waitForDataplane: inputs.choose(
      "wait for the dataplane",
      ANNOTATIONS.waitForDataplaneReady,
      wait,
      "waitForDataplaneReady",
    ),
    logLevel: noted(inputs, "Envoy log level", ANNOTATIONS.envoyLogLevel),
    componentLogLevel: noted(
      inputs,
      "Envoy component log level",
      ANNOTATIONS.envoyComponentLogLevel,
    ),
    envVars,
    tokenVolume: tokenVolume(pod, inputs),
    initFirst: inputs.prefer(
      "init container first",
      ANNOTATIONS.initFirst,
      inputs.switch(ANNOTATIONS.initFirst),
      false,
      "no annotation asks for it",
    ),
  };
}

/** Far more than anybody has; each is applied, and an annotation could name a hundred thousand. */
const MOST_PATCHES = 100;

/** Names of ContainerPatches, in order. A pod's own list replaces the default one, as users are told. */
export function patchNames(inputs: Inputs): readonly string[] {
  const text = inputs.text(ANNOTATIONS.containerPatches);
  const own = text === undefined ? undefined : readList(text);
  if (own !== undefined && own.length > MOST_PATCHES) {
    const hint = `it names more than ${MOST_PATCHES} patches`;
    throw wrongValue(ANNOTATIONS.containerPatches, text ?? "", hint);
  }
  return inputs.choose("container patches", ANNOTATIONS.containerPatches, own, "containerPatches");
}

function drain(inputs: Inputs): string {
  const name = ANNOTATIONS.sidecarDrainTime;
  const text = inputs.text(name);
  const own = text === undefined ? undefined : asAnnotationError(name, () => {
    const nanoseconds = parseGoDuration(text);
    if (nanoseconds < 0n) throw new RangeError(`time: negative duration ${quoted(text)}`);
    return formatGoDuration(nanoseconds);
  });
  return inputs.choose("drain time", name, own, "drainTime");
}

/** `provided` is what the Dataplane calls a delegated gateway; both words mean it. */
function isGateway(inputs: Inputs): boolean {
  const name = ANNOTATIONS.gateway;
  const text = inputs.text(name);
  if (text === undefined) return false;
  const gateway = text === "provided" ||
    within(`unable to set ${ANNOTATIONS.virtualProbes}: `, () => readSwitch(name, text));
  inputs.note("delegated gateway", gateway, `annotation ${name}`);
  return gateway;
}

function envSetting(inputs: Inputs): [string, string][] {
  const pairs = Object.entries(inputs.settings.sidecarEnvVars);
  for (const [key, value] of pairs) {
    inputs.note(`variable ${key}`, value, inputs.origin("sidecarEnvVars"));
  }
  return pairs;
}

/** Pairs `k=v` between semicolons; a value may hold further `=`. */
function envAnnotation(inputs: Inputs): [string, string][] {
  const name = ANNOTATIONS.sidecarEnvVars;
  const text = inputs.text(name);
  if (text === undefined) return [];
  const pairs = text.split(";").map((piece): [string, string] => {
    const equals = piece.indexOf("=");
    if (equals < 1) {
      throw new KumaError(
        "KUMA-WH-002",
        `invalid format. Map in "${name}" has to be provided in the following format: ` +
          "key1=value1;key2=value2",
      );
    }
    return [piece.slice(0, equals), piece.slice(equals + 1)];
  });
  for (const [key, value] of pairs) inputs.note(`variable ${key}`, value, `annotation ${name}`);
  return pairs;
}

function dnsOptions(inputs: Inputs): DnsOptions {
  const { builtinDns, builtinDnsPort, builtinDnsLogging } = ANNOTATIONS;
  return within(WRITTEN_BACK, () => ({
    enabled: inputs.choose(
      "DNS",
      builtinDns,
      inputs.orDocument(builtinDns, () => inputs.switch(builtinDns)),
      "builtinDns",
    ),
    port: inputs.choose(
      "DNS port",
      builtinDnsPort,
      inputs.orDocument(builtinDnsPort, () => inputs.uint(builtinDnsPort, MAX_DNS_PORT)) ||
        undefined,
      "builtinDnsPort",
    ),
    logging: inputs.choose(
      "DNS logging",
      builtinDnsLogging,
      inputs.orDocument(builtinDnsLogging, () => inputs.switch(builtinDnsLogging)),
      "builtinDnsLogging",
    ),
  }));
}

/** The pod's number, else the whole cores of the configured CPU limit, at least two. */
function concurrency(inputs: Inputs): number {
  const name = ANNOTATIONS.sidecarProxyConcurrency;
  const own = inputs.uint(name, MAX_UINT32);
  if (own !== undefined) {
    inputs.note("concurrency", own, `annotation ${name}`);
    return own;
  }
  const cores = Math.floor(thousandths(inputs.settings.limitCpu) / 1000);
  const value = Math.max(2, cores);
  inputs.note("concurrency", value, `${inputs.origin("limitCpu")}, at least 2`);
  return value;
}

function tokenVolume(pod: PodView, inputs: Inputs): string | undefined {
  const name = ANNOTATIONS.serviceAccountTokenVolume;
  const volume = inputs.text(name);
  if (volume === undefined) return undefined;
  if (!pod.volumes.some((one) => one.name === volume)) {
    throw new KumaError(
      "KUMA-WH-006",
      `volume (${volume.slice(0, 80)}) specified for ${name} but volume does not exist in pod spec`,
    );
  }
  inputs.note("service-account token volume", volume, `annotation ${name}`);
  return volume;
}

function noted(inputs: Inputs, option: string, annotation: string): string | undefined {
  const text = inputs.text(annotation);
  if (text !== undefined) inputs.note(option, text, `annotation ${annotation}`);
  return text;
}
