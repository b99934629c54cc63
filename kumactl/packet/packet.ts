/**
 * The packet that `kumactl explain packet` is asked about, from its flags.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { addressFamily, mappedIpv4 } from "core/grammar/address.ts";
import { shown } from "core/grammar/echo.ts";
import { parseUid } from "core/grammar/numbers.ts";
import { parsePort } from "core/grammar/ports.ts";
import type { FlagValue } from "core/proxy/sources.ts";
import type { Packet } from "core/rules/packet.ts";

/** A packet, and what of it nobody said. */
export interface AskedPacket {
  readonly packet: Packet;
  /** One sentence each. */
  readonly assumed: readonly string[];
}

/** What a packet has where nothing is said. */
export interface PacketDefaults {
  readonly uid: number;
  readonly loopback: string;
  /** How it would leave, where that was found out. */
  readonly route?: { readonly source: string; readonly iface: string } | undefined;
}

/** Addresses for documentation (RFC 5737, RFC 3849): nobody's rules are likely to name them. */
const SOMEWHERE = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };
const EPHEMERAL = 40000;

/**
 * Reads `--direction`, `--to ADDRESS:PORT[/tcp|udp]`, `--from ADDRESS[:PORT]`, `--uid`, `--interface`.
 *
 * @throws KumaError `KUMA-TP-040` that names the flag.
 */
export function packetOf(flags: readonly FlagValue[], defaults: PacketDefaults): AskedPacket {
  const assumed: string[] = [];
  const given = (name: string) => flags.findLast(({ flag }) => flag === name)?.value;
  const hook = direction(given("direction"));
  const to = destination(given("to"));
  const { family, address, protocol, port } = to;
  const local = isLoopback(address);
  const from = source(given("from"), family);
  const { route } = defaults;
  if (from === undefined && route === undefined) {
    assumed.push(
      local ? "it comes from the loopback address" : `it comes from ${SOMEWHERE[family]}`,
    );
  }
  const loopback = hook === "output" && local;
  const iface = interfaceOf(given("interface")) ?? route?.iface ??
    (loopback ? defaults.loopback : "eth0");
  if (given("interface") === undefined && route === undefined) {
    assumed.push(`its interface is ${iface}`);
  }
  const user = given("uid");
  if (hook === "prerouting" && user !== undefined) {
    throw refused("uid", "what arrives has no user: leave it out, or ask with --direction out");
  }
  if (hook === "output" && user === undefined) assumed.push(`its user is ${defaults.uid}`);
  return {
    packet: {
      family,
      hook,
      protocol,
      source: from?.address ?? route?.source ?? (local ? address : SOMEWHERE[family]),
      destination: address,
      sourcePort: from?.port ?? EPHEMERAL,
      destinationPort: port,
      iface,
      uid: hook === "prerouting" ? undefined : user === undefined ? defaults.uid : uidOf(user),
    },
    assumed,
  };
}

function direction(text = "out"): Packet["hook"] {
  if (text === "out") return "output";
  if (text === "in") return "prerouting";
  throw refused("direction", `it is 'in' or 'out', not '${shown(text)}'`);
}

function destination(text: string | undefined) {
  if (text === undefined) {
    throw refused("to", "it is needed, such as --to 10.1.2.3:443/tcp");
  }
  const slash = text.lastIndexOf("/");
  const protocol = slash < 0 ? "tcp" : text.slice(slash + 1);
  if (protocol !== "tcp" && protocol !== "udp") {
    throw refused("to", `'${shown(protocol)}' is not a protocol that is redirected: tcp or udp`);
  }
  const { address, port, family } = endpoint("to", slash < 0 ? text : text.slice(0, slash));
  if (port === undefined) {
    const example = family === "ipv6" ? `[${address}]:443` : `${address}:443`;
    throw refused("to", `'${shown(text)}' has no port, such as ${example}`);
  }
  if (/^[0:.]+$/.test(address)) throw refused("to", `'${address}' is no address that packets have`);
  return { address, port, family, protocol } as const;
}

function source(text: string | undefined, family: Packet["family"]) {
  if (text === undefined) return undefined;
  const read = endpoint("from", text);
  if (read.family !== family) throw refused("from", "it is not of the family of --to");
  return read;
}

/** `10.1.2.3`, `10.1.2.3:443`, `fd00::1`, `[fd00::1]`, `[fd00::1]:443`. */
function endpoint(flag: string, text: string) {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]*|[^[\]]*:[^[\]]*:[^[\]]*))(?::([0-9]+))?$/.exec(text) ?? [];
  const written = bracketed ?? plain ?? "";
  const mapped = mappedIpv4(written);
  // Such a packet leaves as IPv4.
  const address = mapped ?? written;
  const family = addressFamily(address);
  const inBrackets = bracketed !== undefined && mapped === undefined;
  if (family === undefined || (inBrackets && family === "ipv4")) {
    throw refused(
      flag,
      `'${shown(text)}' is no address with a port, such as 10.1.2.3:443 or [fd00::1]:443`,
    );
  }
  return { address, family, port: digits === undefined ? undefined : portOf(flag, digits) };
}

function portOf(flag: string, text: string): number {
  try {
    return parsePort(text);
  } catch (cause) {
    throw refused(flag, `'${shown(text)}' is no port: ports range from 1 to 65535`, cause);
  }
}

/** As the kernel takes one: at most 15 bytes, no blank, no slash, no colon. */
function interfaceOf(text: string | undefined): string | undefined {
  if (text === undefined || /^(?!\.\.?$)[^\s/:\p{Cc}]{1,15}$/u.test(text)) return text;
  throw refused("interface", `'${shown(text)}' is no name of an interface`);
}

function uidOf(text: string): number {
  try {
    return parseUid(text);
  } catch (cause) {
    throw refused("uid", `'${shown(text)}' is no UID`, cause);
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || /^[0:]+:0{0,3}1$/.test(address);
}

function refused(flag: string, why: string, cause?: unknown): KumaError {
  return new KumaError("KUMA-TP-040", `--${flag}: ${why}`, cause === undefined ? {} : { cause });
}
