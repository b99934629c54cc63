/**
 * Runs one operation of `core/host` on the namespaces it is started in and prints what came of it as JSON:
 * a test cannot enter a namespace itself and come back.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { checkTransparentProxy } from "core/host/transparent_proxy/check.ts";
import { installTransparentProxy } from "core/host/transparent_proxy/install.ts";
import type { InstallOptions } from "core/host/transparent_proxy/options.ts";
import { uninstallTransparentProxy } from "core/host/transparent_proxy/uninstall.ts";
import type { Logger } from "core/log/logger.ts";
import { defaultConfig, type TransparentProxyConfig } from "core/proxy/config.ts";

/** What the probe is asked to do. */
export interface Question {
  readonly verb: "install" | "uninstall" | "check";
  /** Merged over the defaults, one level deep below `redirect`. */
  readonly config?: Partial<TransparentProxyConfig>;
  readonly dns?: Partial<TransparentProxyConfig["redirect"]["dns"]>;
  readonly options?: InstallOptions;
}

const lines: string[] = [];
const write = (level: string) => (message: string, fields = {}) => {
  lines.push([level, message, JSON.stringify(fields)].join(" "));
};
const logger: Logger = {
  debug: write("debug"),
  info: write("info"),
  warn: write("warn"),
  error: write("error"),
  with: () => logger,
};

const question: Question = JSON.parse(Deno.args[0] ?? "");
const config = { ...defaultConfig(), kumaDPUser: "5678", ...question.config };
Object.assign(config.redirect.dns, question.dns);
const options = { ...question.options, logger };
try {
  const answer = question.verb === "check"
    ? await checkTransparentProxy(config, options)
    : question.verb === "install"
    ? await installTransparentProxy(config, options)
    : await uninstallTransparentProxy(options);
  show({ answer, lines });
} catch (error) {
  if (!(error instanceof KumaError)) throw error;
  show({ code: error.code, message: error.message, lines });
}

function show(outcome: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcome)));
}
