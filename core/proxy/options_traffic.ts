import type { ProxySetting } from "./setting.ts";

type Direction = "inbound" | "outbound";

/** The settings of one direction of traffic; both have the same keys. */
export function trafficSettings(direction: Direction): ProxySetting[] {
  const inbound = direction === "inbound";
  const key = (name: string) => `redirect.${direction}.${name}`;
  const env = (name: string) => `REDIRECT_${direction.toUpperCase()}_${name}`;
  const field = inbound ? "redirectPortInbound" : "redirectPortOutbound";
  return [
    {
      key: key("enabled"),
      kind: "bool",
      env: env("ENABLED"),
      flag: `redirect-${direction}`,
      help: `redirect ${direction} TCP${inbound ? "; off for gateways" : ""}`,
    },
    {
      key: key("port"),
      kind: "port",
      env: env("PORT"),
      flag: `redirect-${direction}-port`,
      help: `port that ${direction} TCP is redirected to; must equal ${field} of the Dataplane`,
    },
    {
      key: key("includePorts"),
      kind: "ports",
      env: env("INCLUDE_PORTS"),
      flag: `include-${direction}-ports`,
      help: `redirect only these ${direction} ports (comma list); excluded ports are then ignored`,
    },
    {
      key: key("excludePorts"),
      kind: "ports",
      env: env("EXCLUDE_PORTS"),
      flag: `exclude-${direction}-ports`,
      help: `do not redirect these ${direction} ports (comma list)${
        inbound ? "; nothing is excluded by default, not even SSH" : ""
      }`,
    },
    {
      key: key("excludePortsForUIDs"),
      kind: "texts",
      env: env("EXCLUDE_PORTS_FOR_UIDS"),
      // EXCLUDE_PORTS_FOR_UIDS alone means both directions in Kuma 2.9, but input has no owner.
      ...(inbound ? {} : {
        bareEnv: "EXCLUDE_PORTS_FOR_UIDS",
        flag: "exclude-outbound-ports-for-uids",
      }),
      help: inbound
        ? "has no effect: incoming packets have no owner"
        : "do not redirect what these users send, '[[protocols:]ports:]uids' (repeatable)",
    },
    {
      key: key("excludePortsForIPs"),
      kind: "texts",
      env: env("EXCLUDE_PORTS_FOR_IPS"),
      bareEnv: "EXCLUDE_PORTS_FOR_IPS",
      flag: `exclude-${direction}-ips`,
      help: `do not redirect ${
        inbound ? "what comes from" : "what goes to"
      } these addresses or CIDRs (comma list, repeatable)`,
    },
    {
      key: key("insertRedirectInsteadOfAppend"),
      kind: "bool",
      env: env("INSERT_REDIRECT_INSTEAD_OF_APPEND"),
      flag: `redirect-${direction}-insert-instead-of-append`,
      help: `insert the jump at the head of ${inbound ? "PREROUTING" : "OUTPUT"}`,
    },
    {
      key: key("chainName"),
      kind: "chain",
      inDocument: false,
      env: env("CHAIN_NAME"),
      help: `suffix of the ${direction} chain's name after KUMA_MESH_`,
    },
    {
      key: key("redirectChainName"),
      kind: "chain",
      inDocument: false,
      env: env("REDIRECT_CHAIN_NAME"),
      help: `suffix of the ${direction} redirect chain's name after KUMA_MESH_`,
    },
  ];
}
