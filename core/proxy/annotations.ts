/**
 * From a pod's annotations to its transparent-proxy configuration, as the CNI plugin needs it.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { type Annotation, ANNOTATION_TABLE } from "../kube/annotation_table.ts";
import { ANNOTATIONS } from "../kube/annotations.ts";
import { meaningless, NODE_READERS, type TrafficKind } from "./annotation_values.ts";
import { DEFAULT_KUMA_DP_UID, defaultConfig, type TransparentProxyConfig } from "./config.ts";
import { MAX_DOCUMENT, parseDocument } from "./document.ts";
import { prefixed, refused } from "core/grammar/echo.ts";
import { putSetting, type SettingValue } from "./kinds.ts";
import { settingOf, valueOf } from "./options.ts";
import { isUserName, resolveConfig, sidecarUid } from "./resolve.ts";
import { mergeSources, type Provenance } from "./sources.ts";

/** Annotations of a pod, as the API server gives them. */
export type Annotations = Readonly<Record<string, string>>;

/** What the annotations ask for, where each setting comes from, and what was ignored. */
export interface AnnotatedConfig {
  readonly config: TransparentProxyConfig;
  readonly provenance: Provenance;
  readonly warnings: readonly string[];
}

/** An annotation that sets something of the configuration. */
export type TrafficAnnotation = Annotation & {
  readonly kind: TrafficKind;
  readonly sets: readonly string[];
};

/** Those, in the table's order. */
export const TRAFFIC_ANNOTATIONS: readonly TrafficAnnotation[] = Object.values<Annotation>(
  ANNOTATION_TABLE,
).filter((row): row is TrafficAnnotation => row.sets !== undefined);

/**
 * Reads the configuration of an injected pod: the annotation `traffic.kuma.io/transparent-proxy-config`
 * where it is not empty, else the single annotations. Every value is checked, `cniMode` is always on, and
 * what comes back is known to pass `resolveConfig`.
 *
 * Kinder than Kuma 2.9: switches also take `yes` and `no`, the gateway also `provided`; blanks around
 * items are trimmed; an empty list means none; `ipv6` works; the older annotations for TCP and UDP alone
 * are read beside the newer one; a switch that the injector of Kuma 2.9 takes for "off" whatever it says is off,
 * with a warning.
 *
 * @throws KumaError `KUMA-TP-022` that names the annotation and shows at most 60 characters of its value.
 */
export async function configFromAnnotations(annotations: Annotations): Promise<AnnotatedConfig> {
  const own = new Map(Object.entries(annotations));
  const whole = own.get(ANNOTATIONS.transparentProxyConfig) ?? "";
  return whole.trim() === "" ? fromSingle(own) : await fromDocument(whole);
}

async function fromDocument(text: string): Promise<AnnotatedConfig> {
  const name = ANNOTATIONS.transparentProxyConfig;
  try {
    const parsed = await parseDocument(text, name);
    const { config, provenance } = mergeSources({ name: `annotation ${name}`, parsed }, {});
    config.cniMode = true;
    const warnings = [...parsed.warnings];
    // A name is looked up where the rules are made; which user it is decides about nothing else.
    const uid = isUserName(config.kumaDPUser) ? DEFAULT_KUMA_DP_UID : sidecarUid(config);
    resolveConfig(config, uid, (warning) => warnings.push(`${name}: ${warning}`));
    return { config, provenance, warnings };
  } catch (thrown) {
    throw badAnnotation(name, thrown);
  }
}

function fromSingle(annotations: ReadonlyMap<string, string>): AnnotatedConfig {
  const config = defaultConfig();
  config.cniMode = true;
  config.verbose = true;
  const provenance = new Map<string, string>();
  const warnings: string[] = [];
  for (const row of TRAFFIC_ANNOTATIONS) {
    // A gateway's inbound is left alone altogether, and what its annotations say of it is not looked at.
    const inbound = row.sets[0]?.startsWith("redirect.inbound.") ?? false;
    if (inbound && !config.redirect.inbound.enabled) continue;
    const text = annotations.get(row.name);
    const value = text === undefined ? row.onNode as SettingValue : read(row, text);
    if (text !== undefined && value === undefined && row.kind === "packet switch") {
      warnings.push(meaningless(row.name, text));
    }
    if (value === undefined) continue;
    const source = text === undefined
      ? `kuma-cni's, where annotation ${row.name} is absent`
      : `annotation ${row.name}`;
    for (const key of row.sets) {
      if (!put(config, row, key, value)) continue;
      const before = row.how === "beside" ? provenance.get(key) : undefined;
      provenance.set(key, before === undefined ? source : `${before}; ${source}`);
    }
  }
  return { config, provenance, warnings };
}

/**
 * Reads the value of one annotation; undefined where it says as little as an absent one. Throws a `KumaError` without
 * the annotation's name.
 */
export function readTrafficAnnotation(
  { kind }: TrafficAnnotation,
  text: string,
): SettingValue | undefined {
  if (text.length <= MAX_DOCUMENT) return NODE_READERS[kind](text);
  throw refused(
    "KUMA-TP-022",
    `the value has ${text.length} characters, at most ${MAX_DOCUMENT} are read`,
  );
}

function read(row: TrafficAnnotation, text: string): SettingValue | undefined {
  try {
    return readTrafficAnnotation(row, text);
  } catch (thrown) {
    throw badAnnotation(row.name, thrown);
  }
}

/** Puts a value where the annotation says; false where it adds nothing to what is there. */
function put(
  config: TransparentProxyConfig,
  { how }: TrafficAnnotation,
  key: string,
  value: SettingValue,
): boolean {
  const setting = settingOf(key);
  if (how === "opposite") putSetting(config, setting, value !== true);
  else if (how !== "beside") putSetting(config, setting, value);
  else {
    const there = valueOf(config, setting) as readonly (number | string)[];
    // Port 0 is none, and one that is excluded anyway is not written twice.
    const more = typeof value === "number"
      ? [value].filter((port) => port !== 0 && !there.includes(port))
      : value as readonly string[];
    if (more.length === 0) return false;
    putSetting(config, setting, [...there, ...more] as SettingValue);
  }
  return true;
}

function badAnnotation(name: string, thrown: unknown): unknown {
  if (!(thrown instanceof KumaError)) return thrown;
  const withName = thrown.message.startsWith(name)
    ? thrown
    : prefixed(`annotation '${name}': `, thrown);
  const message = withName instanceof KumaError ? withName.message : thrown.message;
  const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
  return new KumaError("KUMA-TP-022", message, { ...hint, cause: thrown });
}
