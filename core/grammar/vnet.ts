import type { VirtualNetwork } from "core/proxy/resolved.ts";
import { ipPrefix } from "./address.ts";
import { refused, shown } from "./echo.ts";

/**
 * Whether `text` can stand after `-i`: an interface name of at most 15 bytes (IFNAMSIZ), or a shorter
 * prefix that ends in `+`. Only letters, digits and `_ . @ -` are taken, and not `-` at the head: the
 * kernel allows nearly every byte, iptables-restore would read some of them as its own syntax.
 */
export function isInterfaceMatch(text: string): boolean {
  return text.length <= 15 && /^(?:[A-Za-z0-9_.@][A-Za-z0-9_.@-]*\+?|\+)$/.test(text);
}

/**
 * Reads `IFACE:CIDR`, split at the first colon, so that IPv6 CIDRs work (`docker0:fd00::/64`).
 *
 * @throws KumaError `KUMA-TP-006`, in the words of Kuma 2.9.
 */
export function parseVirtualNetwork(text: string): VirtualNetwork {
  const colon = text.indexOf(":");
  const iface = text.slice(0, Math.max(colon, 0)).trim();
  if (colon < 0 || iface === "") {
    throw refused("KUMA-TP-006", `invalid virtual network definition: ${shown(text)}`, FORM);
  }
  if (!isInterfaceMatch(iface)) {
    throw refused(
      "KUMA-TP-006",
      `invalid virtual network definition: ${shown(text)}: '${shown(iface)}' is no interface name`,
      FORM,
    );
  }
  const typed = text.slice(colon + 1);
  const cidr = ipPrefix(typed);
  if (cidr === undefined || !cidr.text.includes("/")) {
    throw refused(
      "KUMA-TP-006",
      `invalid CIDR definition for ${shown(iface)}: invalid CIDR address: ${shown(typed)}`,
    );
  }
  return { iface, cidr };
}

const FORM =
  "the expected form is 'IFACE:CIDR', IFACE being a name of at most 15 characters or a prefix with '+'";
