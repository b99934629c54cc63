import type { FirewallBackend, IpFamilyMode } from "core/proxy/config.ts";
import { isMadeOf } from "./characters.ts";
import { refused, shown } from "./echo.ts";

/** What every chain of ours starts with. */
export const CHAIN_NAME_PREFIX = "KUMA_MESH_";
/** Longest chain name that iptables takes: XT_EXTENSION_MAXNAMELEN less its end byte. */
const MAX_CHAIN_NAME = 28;

/**
 * Reads the suffix of a chain's name: letters, digits, `_ . -`, and at most 28 characters with the prefix.
 *
 * @throws KumaError `KUMA-TP-011` for anything else.
 */
export function parseChainSuffix(text: string): string {
  const valid = isMadeOf(text, "_.-") && !"_.-".includes(text.charAt(0));
  if (valid && CHAIN_NAME_PREFIX.length + text.length <= MAX_CHAIN_NAME) return text;
  throw refused(
    "KUMA-TP-011",
    `value '${
      shown(text)
    }' is not a valid chain name suffix (letters, digits, '_', '.' and '-', at most ` +
      `${MAX_CHAIN_NAME - CHAIN_NAME_PREFIX.length} characters)`,
  );
}

/**
 * Reads the IP family mode in any case; empty means `dualstack`.
 *
 * @throws KumaError `KUMA-TP-010`, in the words of Kuma 2.9, for anything else.
 */
export function parseIpFamilyMode(text: string): IpFamilyMode {
  switch (text.trim().toLowerCase()) {
    case "":
    case "dualstack":
      return "dualstack";
    case "ipv4":
      return "ipv4";
    case "ipv6":
      return "ipv6";
    default:
      throw refused(
        "KUMA-TP-010",
        `value '${
          shown(text)
        }' is not a valid IP family mode: must be one of 'dualstack' or 'ipv4' (or 'ipv6')`,
      );
  }
}

/**
 * Reads the firewall backend in any case; empty means `auto`.
 *
 * @throws KumaError `KUMA-TP-029` for anything else.
 */
export function parseFirewallBackend(text: string): FirewallBackend {
  const wanted = text.trim().toLowerCase();
  if (wanted === "" || wanted === "auto") return "auto";
  if (wanted === "nftables" || wanted === "iptables") return wanted;
  throw refused(
    "KUMA-TP-029",
    `value '${
      shown(text)
    }' is not a firewall backend: must be one of 'auto', 'nftables' or 'iptables'`,
  );
}

/**
 * Reads a text setting such as a user name or a path: at most 4096 characters, no control characters.
 *
 * @throws KumaError `KUMA-TP-012` for anything else.
 */
export function parseText(text: string): string {
  // deno-lint-ignore no-control-regex
  if (text.length <= 4096 && text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text)) {
    return text;
  }
  throw refused(
    "KUMA-TP-012",
    `value '${shown(text)}' holds control characters or is longer than 4096 characters`,
  );
}
