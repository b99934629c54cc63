/**
 * The last line of defence: what a rule line may be made of. Every value was parsed before it came here;
 * the renderer checks again, because a blank or a line break that slips through would be a second rule.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { isMadeOf } from "core/grammar/characters.ts";
import { CHAIN_NAME_PREFIX } from "core/grammar/names.ts";
import { escapeQuoted } from "./words.ts";

/** The comment match holds 256 bytes with its NUL; Kuma cuts at 254 bytes between the quotes. */
const COMMENT_MAX_BYTES = 254;
/** Slots of one multiport match; a range takes two (xt_multiport, `XT_MULTI_PORTS`). */
export const MULTIPORT_SLOTS = 15;
/** Longest name of a chain (`XT_EXTENSION_MAXNAMELEN` without its NUL). */
const CHAIN_MAX_LENGTH = 28;
/** Longest prefix of a LOG rule (`xt_log_info.prefix` without its NUL). */
const LOG_PREFIX_MAX_LENGTH = 29;
/** `(uid_t) -1` means "none"; the owner match refuses it. */
const UID_MAX = 4294967294;

const ADDRESS = /^[0-9A-Fa-f.:]+(?:\/[0-9]{1,3})?$/;
const LOG_PREFIX = /^[A-Za-z0-9_:.-]+$/;

/** The name of a chain or a target; ours have something after their prefix. Throws KUMA-TP-101. */
export function checkChain(name: string): string {
  const valid = isMadeOf(name, "_.-") && !name.startsWith(".") && !name.startsWith("-");
  const fits = name.length <= CHAIN_MAX_LENGTH && name !== CHAIN_NAME_PREFIX;
  return check(valid && fits, "chain name", name);
}

/** An IP address or CIDR. Throws KUMA-TP-101. */
export function checkAddress(text: string): string {
  return check(ADDRESS.test(text), "address", text);
}

/** The name of an interface (15 characters), or a prefix of it that ends in `+`. Throws KUMA-TP-101. */
export function checkInterface(name: string): string {
  const exact = name.endsWith("+") ? name.slice(0, -1) : name;
  const valid = name === "+" ||
    isMadeOf(exact, "_.:@-") && !exact.startsWith(":") && !exact.startsWith("-");
  return check(valid && name.length <= 15, "interface", name);
}

/** The prefix of a LOG rule. Throws KUMA-TP-101. */
export function checkLogPrefix(text: string): string {
  return check(LOG_PREFIX.test(text) && text.length <= LOG_PREFIX_MAX_LENGTH, "log prefix", text);
}

/** A whole number of `what` from `from` to `to`, as text. Throws KUMA-TP-101. */
export function checkNumber(what: string, value: number, from: number, to: number): string {
  return check(Number.isInteger(value) && value >= from && value <= to, what, String(value));
}

/** A UID, as text. Throws KUMA-TP-101. */
export function checkUid(uid: number): string {
  return checkNumber("UID", uid, 0, UID_MAX);
}

/** A port, as text; 0 is let through, as the multiport match knows it. Throws KUMA-TP-101. */
export function checkPort(port: number): string {
  return checkNumber("port", port, 0, 65535);
}

/**
 * A comment of printable characters, cut so that it takes at most {@linkcode COMMENT_MAX_BYTES} bytes
 * between its quotes; never within a character or an escape. Throws KUMA-TP-101.
 */
export function checkComment(text: string): string {
  if (!isPrintable(text)) refuse("comment", text);
  if (text.length * 3 <= COMMENT_MAX_BYTES) return text;
  let bytes = 0;
  let kept = "";
  for (const char of text) {
    bytes += encoder.encode(escapeQuoted(char)).length;
    if (bytes > COMMENT_MAX_BYTES) break;
    kept += char;
  }
  return kept;
}
const encoder = new TextEncoder();

/** No control, format, surrogate or unassigned characters, and no line or paragraph separators. */
function isPrintable(text: string): boolean {
  // To set up the other expression alone takes half a millisecond.
  return /^[ -~]*$/.test(text) || !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

function check(holds: boolean, what: string, value: string): string {
  if (!holds) refuse(what, value);
  return value;
}

function refuse(what: string, value: string): never {
  throw new KumaError(
    "KUMA-TP-101",
    `Cannot write a rule with the ${what} ${
      JSON.stringify(value)
    }: it is not one that iptables takes`,
  );
}
