/**
 * IP addresses and CIDRs as text, strictly: no zone, no leading zeros, no host names.
 *
 * @module
 */
import type { Family, IpPrefix } from "core/proxy/resolved.ts";
import { isDigits } from "./characters.ts";
import { refused, shown } from "./echo.ts";
import { decimal } from "./numbers.ts";

/** Whether `text` is a dotted IPv4 address; octets have no leading zeros (`010` means 8 to some). */
export function isIpv4(text: string): boolean {
  const octets = text.split(".");
  return octets.length === 4 &&
    octets.every((octet) => isPlainNumber(octet) && Number(octet) <= 255);
}

/** At most three digits, without a leading zero. */
function isPlainNumber(text: string): boolean {
  return isDigits(text, 3) && (text.length === 1 || !text.startsWith("0"));
}

/** Whether `text` is an IPv6 address as RFC 4291 section 2.2 writes it, without a zone. */
export function isIpv6(text: string): boolean {
  // What has no colon is none; most that is asked about is of IPv4.
  if (text.length > 45 || !text.includes(":") || !/^[0-9a-fA-F:.]+$/.test(text)) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  const last = groups.at(-1) ?? "";
  const dotted = last.includes(".");
  // The dotted tail stands for two groups and must really be the end of the text.
  if (dotted && (!isIpv4(last) || !text.endsWith(last))) return false;
  const plain = dotted ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = plain.length + (dotted ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** The family of an address, undefined where it is none. */
export function addressFamily(text: string): Family | undefined {
  if (isIpv4(text)) return "ipv4";
  return isIpv6(text) ? "ipv6" : undefined;
}

/** The eight groups of an IPv6 address as numbers; undefined for any other text. */
export function ipv6Groups(text: string): number[] | undefined {
  if (!isIpv6(text)) return undefined;
  const last = text.slice(text.lastIndexOf(":") + 1);
  const [a = 0, b = 0, c = 0, d = 0] = last.split(".").map(Number);
  const hex = last.includes(".")
    ? `${text.slice(0, -last.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    : text;
  const [head = "", tail] = hex.split("::");
  const groups = (half = "") => half === "" ? [] : half.split(":").map((one) => parseInt(one, 16));
  const [before, after] = [groups(head), groups(tail)];
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<number>(missing).fill(0), ...after];
}

/**
 * The IPv4 address within an IPv4-mapped IPv6 one (RFC 4291 section 2.5.5.2), such as `::ffff:10.0.0.1` or
 * `::ffff:a00:1`; undefined for any other text. Packets to such an address leave as IPv4.
 */
export function mappedIpv4(text: string): string | undefined {
  const groups = ipv6Groups(text);
  if (groups === undefined || groups[5] !== 0xffff) return undefined;
  if (groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/**
 * Reads an address or CIDR, trimmed; undefined where it is neither. The text is kept as typed, but for an
 * IPv4-mapped one, which is the IPv4 address or CIDR that it stands for.
 */
export function ipPrefix(text: string): IpPrefix | undefined {
  const typed = typedPrefix(text);
  if (typed?.family !== "ipv6") return typed;
  const [address = "", length] = typed.text.split("/");
  const ipv4 = mappedIpv4(address);
  if (ipv4 === undefined) return typed;
  if (length === undefined) return { family: "ipv4", text: ipv4 };
  // A shorter one is more than the mapped addresses, and means IPv6.
  return Number(length) < 96 ? typed : { family: "ipv4", text: `${ipv4}/${Number(length) - 96}` };
}

function typedPrefix(text: string): IpPrefix | undefined {
  const trimmed = text.trim();
  const slash = trimmed.indexOf("/");
  const family = addressFamily(slash < 0 ? trimmed : trimmed.slice(0, slash));
  if (family === undefined) return undefined;
  if (slash >= 0) {
    const length = trimmed.slice(slash + 1);
    const valid = isPlainNumber(length) &&
      decimal(length, family === "ipv4" ? 32 : 128) !== undefined;
    if (!valid) return undefined;
  }
  return { family, text: trimmed };
}

/**
 * Reads one exclusion of addresses: a comma list of addresses and CIDRs of either family, empty pieces
 * dropped; as in Kuma 2.9 a comma alone excludes nothing.
 *
 * @throws KumaError `KUMA-TP-005`, in the words of Kuma 2.9, for an empty text or a bad piece.
 */
export function parseIpExclusion(text: string): IpPrefix[] {
  const pieces = text.split(",").map((piece) => piece.trim()).filter((piece) => piece !== "");
  if (text.trim() === "") {
    throw refused("KUMA-TP-005", "invalid exclusion rule: the rule cannot be empty");
  }
  return pieces.map((piece) => {
    const prefix = ipPrefix(piece);
    if (prefix === undefined) {
      throw refused(
        "KUMA-TP-005",
        `invalid exclusion rule: invalid IP address: '${
          shown(piece)
        }'. It should be an IPv4 or IPv6 ` +
          "address or CIDR",
      );
    }
    return prefix;
  });
}
