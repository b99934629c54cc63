/**
 * The installer's settings, parsed strictly from environment variables.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import type { LogFormat } from "core/log/format.ts";
import { LOG_LEVELS, parseLogLevel } from "core/log/levels.ts";
import type { LogLevel } from "core/log/logger.ts";
import type { FirewallBackend } from "core/proxy/config.ts";
import { type VariableName, VARIABLES } from "./settings_table.ts";

/** `CNI_LOG_LEVEL` is wrong, for which Kuma 2.9 has an exit code of its own. */
export class LogLevelError extends KumaError {}

/** What the installer is told; directories have no slash at the end. */
export interface Settings {
  readonly chained: boolean;
  /** A file name, or empty for the runtime's own choice. */
  readonly confName: string;
  /** The raw text of CNI_NETWORK_CONFIG. */
  readonly networkConfig: string;
  readonly netDir: { readonly host: string; readonly mounted: string };
  readonly binDir: { readonly host: string; readonly mounted: string; readonly secondary: string };
  readonly hostRoot: string;
  readonly sourceDir: string;
  readonly kubeconfigName: string;
  readonly caFile: string;
  readonly api: { readonly protocol: string; readonly host: string; readonly port: string };
  readonly serviceAccountDir: string;
  /** Seconds; 0 for the pod's own token. */
  readonly tokenLifetime: number;
  readonly checkIntervalMs: number;
  readonly tokenIntervalMs: number;
  readonly stay: boolean;
  readonly onExit: "auto" | "keep" | "remove";
  readonly daemonSet: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly node: string };
  readonly method: "edit" | "drop-in";
  readonly firewallBackend: FirewallBackend;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** 0 for no server. */
  readonly httpPort: number;
  readonly readyFile: string;
}

/**
 * Reads the settings. A variable that is not set has its default; one that is set but empty is not
 * replaced by it, as in Kuma 2.9.
 *
 * @throws {KumaError} `KUMA-INS-010` naming the variable
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const read = reader(env);
  const { text, dir, fileName, number, boolean, oneOf } = read;
  const serviceAccountDir = dir("SERVICE_ACCOUNT_DIR");
  return {
    chained: boolean("CHAINED_CNI_PLUGIN"),
    confName: fileName("CNI_CONF_NAME", true),
    networkConfig: text("CNI_NETWORK_CONFIG"),
    netDir: { host: dir("CNI_NET_DIR"), mounted: dir("MOUNTED_CNI_NET_DIR") },
    binDir: {
      host: dir("CNI_BIN_DIR", true),
      mounted: dir("MOUNTED_CNI_BIN_DIR"),
      secondary: dir("MOUNTED_SECONDARY_CNI_BIN_DIR", true),
    },
    hostRoot: dir("MOUNTED_HOST_ROOT", true),
    sourceDir: dir("CNI_SOURCE_DIR"),
    kubeconfigName: fileName("KUBECFG_FILE_NAME"),
    caFile: text("KUBE_CA_FILE") || `${serviceAccountDir}/ca.crt`,
    api: {
      protocol: oneOf("KUBERNETES_SERVICE_PROTOCOL", ["https", "http"]),
      host: text("KUBERNETES_SERVICE_HOST"),
      port: text("KUBERNETES_SERVICE_PORT"),
    },
    serviceAccountDir,
    tokenLifetime: number("CNI_TOKEN_LIFETIME", 0),
    checkIntervalMs: number("CFGCHECK_INTERVAL", 1) * 1000,
    tokenIntervalMs: number("REFRESH_SA_TOKEN_INTERVAL", 1) * 1000,
    stay: boolean("SLEEP"),
    onExit: oneOf("CNI_ON_EXIT", ["auto", "keep", "remove"]),
    daemonSet: text("CNI_DAEMONSET_NAME"),
    pod: { namespace: text("POD_NAMESPACE"), name: text("POD_NAME"), node: text("NODE_NAME") },
    method: oneOf("CNI_CHAIN_METHOD", ["edit", "drop-in"]),
    firewallBackend: oneOf("CNI_FIREWALL_BACKEND", ["auto", "nftables", "iptables"]),
    logLevel: level(text("CNI_LOG_LEVEL")),
    logFormat: oneOf("CNI_LOG_FORMAT", ["text", "json"]),
    httpPort: number("CNI_HTTP_PORT", 0, 65535),
    readyFile: text("READY_FILE"),
  };
}

function reader(env: Readonly<Record<string, string | undefined>>) {
  const text = (name: VariableName): string => {
    const fallback = VARIABLES.find(([known]) => known === name)?.[1] ?? "";
    const value = env[name] ?? fallback;
    // deno-lint-ignore no-control-regex
    if (name !== "CNI_NETWORK_CONFIG" && /[\u0000-\u001f\u007f]/.test(value)) {
      throw bad(name, value, "control characters are not allowed");
    }
    return value;
  };
  return {
    text,
    dir(name: VariableName, mayBeEmpty = false): string {
      const value = text(name);
      if (value === "" && mayBeEmpty) return "";
      if (!value.startsWith("/")) throw bad(name, value, "an absolute path is needed");
      return value.replace(/(?<=.)\/+$/, "");
    },
    fileName(name: VariableName, mayBeEmpty = false): string {
      const value = text(name);
      if (value === "" && mayBeEmpty) return "";
      if (value === "" || value === "." || value === ".." || value.includes("/")) {
        throw bad(name, value, "a file name without directory is needed");
      }
      return value;
    },
    number(name: VariableName, least: number, most = 2 ** 31): number {
      const value = text(name);
      const parsed = /^\d{1,10}$/.test(value) ? Number(value) : NaN;
      if (parsed >= least && parsed <= most) return parsed;
      throw bad(name, value, `a whole number from ${least} up is needed`);
    },
    /** The words of Go's strconv.ParseBool. */
    boolean(name: VariableName): boolean {
      const value = text(name);
      if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
      if (/^(0|f|F|false|FALSE|False)$/.test(value)) return false;
      throw bad(name, value, "true or false is needed");
    },
    oneOf<Word extends string>(name: VariableName, words: readonly Word[]): Word {
      const value = text(name);
      const word = words.find((one) => one === value);
      if (word !== undefined) return word;
      throw bad(name, value, `one of ${words.join(", ")} is needed`);
    },
  };
}

function level(value: string): LogLevel {
  const known = parseLogLevel(value);
  if (known !== undefined) return known;
  const why = `one of ${LOG_LEVELS.join(", ")} is needed`;
  throw bad("CNI_LOG_LEVEL", value, why, LogLevelError);
}

function bad(name: VariableName, value: string, why: string, kind = KumaError): KumaError {
  return new kind("KUMA-INS-010", `Cannot use ${name}="${shown(value, 100)}": ${why}`);
}
