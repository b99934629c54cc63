/**
 * Values of settings for tests, by their kinds.
 *
 * @module
 */
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { oneLine } from "core/errors.ts";
import { KINDS } from "../kinds.ts";
import { defaultOf, type ProxySetting, type ProxySettingKind } from "../options.ts";

const words = fc.constantFrom("yes", "null", "~", "5678", "0x10", "1e3", "- a", "a: b", "#", "'");
const text = fc.oneof(
  words,
  fc.string({ unit: anyCharacter, maxLength: 12 }).map((raw) => oneLine(raw.toWellFormed())),
);
const port = fc.integer({ min: 1, max: 65_535 });

/** Any value that a setting of the kind may have, as the configuration holds it. */
export function valueOf(kind: ProxySettingKind): fc.Arbitrary<unknown> {
  switch (kind) {
    case "bool":
      return fc.boolean();
    case "uint":
      return fc.integer({ min: 0, max: 2_147_483_647 });
    case "uint16":
      return fc.integer({ min: 0, max: 65_535 });
    case "port":
      return port;
    case "ports":
      return fc.uniqueArray(port);
    case "text":
      return text;
    case "texts":
      return fc.array(text);
    case "duration":
      return fc.integer({ min: 0, max: 86_400_000 });
    case "family":
      return fc.constantFrom(...KINDS.family.choices ?? []);
    case "backend":
      return fc.constantFrom(...KINDS.backend.choices ?? []);
    case "chain":
      return fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/);
    case "executables":
      return fc.constant({ iptables: "/x" });
  }
}

/** Text for a flag or variable of the setting, with another meaning than its default. */
export function otherText(setting: ProxySetting): string {
  const texts: Readonly<Partial<Record<string, string>>> = {
    "redirect.vnet.networks": "eth7:10.0.0.0/8",
    "redirect.outbound.excludePortsForUIDs": "tcp:22:1000",
    "redirect.inbound.excludePortsForUIDs": "tcp:22:1000",
    "redirect.inbound.excludePortsForIPs": "10.7.0.0/16",
    "redirect.outbound.excludePortsForIPs": "10.7.0.0/16",
    "kumaDPUser": "7",
    "log.level": "5",
  };
  const known = texts[setting.key];
  if (known !== undefined) return known;
  switch (setting.kind) {
    case "bool":
      return defaultOf(setting) === true ? "false" : "true";
    case "family":
      return "ipv4";
    case "backend":
      return "iptables";
    case "duration":
      return "7s";
    case "executables":
      return "iptables:/x";
    case "text":
    case "texts":
    case "chain":
      return "OTHER";
    default:
      return "1234";
  }
}
