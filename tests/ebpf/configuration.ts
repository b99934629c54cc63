/**
 * The configuration that arguments of `kumactl install transparent-proxy` mean, without the program.
 *
 * @module
 */
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { parseDocument } from "core/proxy/document.ts";
import { resolveConfig } from "core/proxy/resolve.ts";
import type { ResolvedConfig } from "core/proxy/resolved.ts";
import {
  applyFlags,
  type FlagValue,
  impliedByCaptureAll,
  mergeSources,
} from "core/proxy/sources.ts";

/** The configuration with nothing left to parse; kuma-dp has UID 5678. */
export async function configurationOf(args: readonly string[]): Promise<ResolvedConfig> {
  return resolveConfig(await documentOf(args), 5678);
}

/** The document that says the same. Reads `--flag value`, `--flag=value` and `--flag`. */
export async function documentOf(args: readonly string[]): Promise<TransparentProxyConfig> {
  const flags: FlagValue[] = [];
  for (let i = 0; i < args.length; i++) {
    const [flag = "", ...value] = (args[i] ?? "").slice(2).split("=");
    if (value.length > 0) flags.push({ flag, value: value.join("=") });
    else if (args[i + 1] === undefined || args[i + 1]?.startsWith("--")) {
      flags.push({ flag, value: "true" });
    } else flags.push({ flag, value: args[++i] ?? "" });
  }
  const text = flags.find(({ flag }) => flag === "config")?.value;
  const document = text === undefined
    ? undefined
    : { name: "--config", parsed: await parseDocument(text, "--config") };
  const { config } = applyFlags(mergeSources(document, {}), flags);
  return impliedByCaptureAll(config);
}
