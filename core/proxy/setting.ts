/** What every environment variable of a setting starts with. */
export const ENV_PREFIX = "KUMA_TRANSPARENT_PROXY_";

/** How a setting is written and read: `KINDS` of `kinds.ts`. */
export type ProxySettingKind =
  | "bool"
  | "uint"
  | "uint16"
  | "port"
  | "ports"
  | "text"
  | "texts"
  | "duration"
  | "family"
  | "backend"
  | "chain"
  | "executables";

/** One setting. */
export interface ProxySetting {
  /** Dotted path in the configuration; also its key in the document, unless `inDocument` says otherwise. */
  readonly key: string;
  readonly kind: ProxySettingKind;
  /** False for what the document may not hold: it is set by environment or flag only. */
  readonly inDocument?: false;
  /** Environment variable without {@linkcode ENV_PREFIX}. */
  readonly env?: string;
  /** Variable that is honoured as it is where the prefixed one is unset. */
  readonly bareEnv?: string;
  /** Flag without the dashes. */
  readonly flag?: string;
  /** Flags that write the same setting and are not shown in the help. */
  readonly hiddenFlags?: readonly string[];
  /** One line for help, completion and documentation. */
  readonly help: string;
}
