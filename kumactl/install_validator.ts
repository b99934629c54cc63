import { errorText, KumaError } from "core/errors.ts";
import { hasUsableIpv6 } from "core/host/interfaces.ts";
import { effectiveUserId } from "core/host/libc.ts";
import { holdsOurIptables, lookAround } from "core/host/nftables/surroundings.ts";
import { prefixed, shown } from "core/grammar/echo.ts";
import { parseIpFamilyMode } from "core/grammar/names.ts";
import { parsePort } from "core/grammar/ports.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { LineLogger } from "./line_logger.ts";
import { validateRedirection } from "./validator.ts";

/** What `install transparent-proxy-validator -o json` prints, where the redirection works. */
export interface ValidatorDocument extends Document {
  readonly schema: "kuma.io/kumactl-install-transparent-proxy-validator/v1";
  /** IP families for which a connection arrived at the inbound redirect port. */
  readonly families: readonly Family[];
  /** That port. */
  readonly port: number;
}

/**
 * `kumactl install transparent-proxy-validator`: checks for each family of the mode that a connection to
 * the passthrough address arrives at the inbound redirect port. Must run as the kuma-dp user.
 *
 * @throws KumaError `KUMA-TP-025` with the reasons of all families, `KUMA-TP-026` where it cannot listen.
 */
export async function installValidatorCommand(
  parsed: ParsedCommand,
  io: Io,
): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const logger = new LineLogger(io, format !== "text");
  const mode = readFlag(parsed, "ip-family-mode", parseIpFamilyMode);
  const port = readFlag(parsed, "validation-server-port", parsePort);
  const failures: string[] = [];
  const checked = FAMILIES.filter((family) => wanted(family, mode));
  for (const family of checked) {
    try {
      await validateRedirection(family, port, { logger: logger.with({ family }) });
      logger.with({ family }).info("validation passed, iptables rules are in effect");
    } catch (thrown) {
      if (thrown instanceof KumaError && thrown.code === "KUMA-TP-026") throw thrown;
      failures.push(errorText(thrown));
    }
  }
  if (checked.length === 0) {
    failures.push("the mode is ipv6, but this machine has no IPv6 address beside ::1");
  }
  if (failures.length === 0) {
    if (format !== "text") {
      const schema = "kuma.io/kumactl-install-transparent-proxy-validator/v1";
      const document: ValidatorDocument = { schema, families: checked, port };
      await printDocument(io, format, document);
    }
    return 0;
  }
  throw new KumaError("KUMA-TP-025", `validation failed: ${failures.join("; ")}`, {
    hint: likelyCause(),
  });
}

/** What of the two usual causes it is, as far as this process may see. */
function likelyCause(): string {
  const uid = effectiveUserId();
  const asUser =
    `this runs as UID ${uid}, and rules redirect what the kuma-dp user sends (5678 unless another ` +
    "was named): run it as that user";
  const none =
    "no rules of the transparent proxy are in this network namespace: install them first, or let the CNI";
  try {
    const around = lookAround();
    if (around.ourTable || holdsOurIptables(around)) return asUser;
    return around.reason === undefined ? none : `${asUser}; or ${none}`;
  } catch (error) {
    if (error instanceof KumaError) return `${asUser}; or ${none}`;
    throw error;
  }
}

/** IPv6 is left out where the machine has none; IPv4 only where it is not asked for. */
function wanted(family: Family, mode: string): boolean {
  if (family === "ipv4") return mode !== "ipv6";
  return mode !== "ipv4" && hasUsableIpv6();
}

function readFlag<T>(parsed: ParsedCommand, name: string, read: (text: string) => T): T {
  const value = parsed.text(name) ?? "";
  try {
    return read(value);
  } catch (thrown) {
    throw prefixed(`invalid argument "${shown(value)}" for "--${name}" flag: `, thrown);
  }
}
