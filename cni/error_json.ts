/**
 * Any failure as the error JSON of the CNI specification.
 *
 * @module
 */
import { CNI_CODES, type CniCodeText } from "core/errors/cni_codes.ts";
import { errorText, KumaError } from "core/errors.ts";
import { redactText } from "core/log/redact.ts";
import { LATEST_VERSION, type SpecVersion } from "core/cni/spec_version.ts";

/** The fields of the error JSON. */
export interface CniErrorJson {
  readonly cniVersion: SpecVersion;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

const INTERNAL = 999;
const PLUGIN_SPECIFIC = 100;
const LONGEST_MESSAGE = 4096;

const TEXTS: Readonly<Record<string, CniCodeText>> = CNI_CODES;

/** Codes of other rooms that have a number of their own; the rest gets 100. */
const NUMBERS: Readonly<Record<string, number>> = {
  /** An annotation of the pod. */
  "KUMA-TP-022": 7,
  /** CNI_NETNS: missing, no namespace, or refused. */
  "KUMA-HOST-111": 4,
  "KUMA-HOST-112": 4,
  /** Another program holds the xtables lock, or changes the rules at the same time: it will pass. */
  "KUMA-TP-206": 11,
  "KUMA-TP-207": 11,
  /** The kernel gave no whole answer. */
  "KUMA-TP-210": 11,
};

/** The firewall of the node, `KUMA-TP-2xx`. */
const FIREWALL = 104;

/** The error JSON of what was thrown; `version` is the configuration's where it is known. */
export function errorJson(thrown: unknown, version: SpecVersion = LATEST_VERSION): CniErrorJson {
  if (!(thrown instanceof KumaError)) {
    return {
      cniVersion: version,
      code: INTERNAL,
      msg: clean(`unexpected failure: ${errorText(thrown)}`),
      details: "KUMA-CNI-006",
    };
  }
  const causes = causeTexts(thrown);
  return {
    cniVersion: version,
    code: numberOf(thrown.code),
    msg: clean(thrown.line),
    details: clean([thrown.code, ...causes].join(": ")),
  };
}

function numberOf(code: string): number {
  const known = TEXTS[code]?.cni ?? NUMBERS[code];
  return known ?? (/^KUMA-TP-2\d\d$/.test(code) ? FIREWALL : PLUGIN_SPECIFIC);
}

function causeTexts(error: Error): string[] {
  const texts: string[] = [];
  for (let cause = error.cause; cause !== undefined && texts.length < 4;) {
    const text = errorText(cause);
    if (!error.message.includes(text)) texts.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return texts;
}

function clean(text: string): string {
  const redacted = redactText(text);
  return redacted.length <= LONGEST_MESSAGE ? redacted : `${redacted.slice(0, LONGEST_MESSAGE)}…`;
}
