/**
 * Why each rule is there: which settings of the configuration put it in. A rule is known by its comment.
 *
 * @module
 */

const INBOUND_ON = ["redirect.inbound.enabled"];
const OUTBOUND_ON = ["redirect.outbound.enabled"];
const DNS = ["redirect.dns.enabled", "redirect.dns.captureAll"];
const ZONES = [...DNS, "redirect.dns.skipConntrackZoneSplit"];

/** Settings by the comment of the rule that they put in or shape; none where a rule is always there. */
export const REASONS: Readonly<Record<string, readonly string[]>> = {
  "drop packets that belong to no connection": ["dropInvalidPackets"],
  "log what passes this chain": ["log.enabled", "log.level"],
  "inbound TCP takes the inbound chain of the mesh": [],
  "DNS of a virtual network goes to the DNS proxy": [
    "redirect.vnet.networks",
    "redirect.dns.port",
  ],
  "TCP that leaves a virtual network is outbound": [
    "redirect.vnet.networks",
    "redirect.outbound.port",
  ],
  "inbound redirection is off": INBOUND_ON,
  "source left alone": ["redirect.inbound.excludePortsForIPs"],
  "included inbound port": ["redirect.inbound.includePorts"],
  "inbound port left alone": ["redirect.inbound.excludePorts"],
  "all other inbound TCP goes to Envoy": INBOUND_ON,
  "inbound listener of Envoy": ["redirect.inbound.port"],
  "outbound TCP takes the outbound chain of the mesh": [],
  "ports left alone for these users": ["redirect.outbound.excludePortsForUIDs"],
  "destination left alone": ["redirect.outbound.excludePortsForIPs"],
  "DNS queries of the sidecar are left alone": [...DNS, "kumaDPUser"],
  "DNS queries over UDP go to the DNS proxy": [...DNS, "redirect.dns.port"],
  "outbound redirection is off": OUTBOUND_ON,
  "outbound port left alone": ["redirect.outbound.excludePorts"],
  "inbound passthrough of Envoy reaches the application": [],
  "an application that calls itself comes in through Envoy": ["kumaDPUser"],
  "loopback traffic of others stays local": ["kumaDPUser"],
  "traffic of Envoy itself goes out": ["kumaDPUser"],
  "DNS queries over TCP go to the DNS proxy": [...DNS, "redirect.dns.port"],
  "localhost stays local": [],
  "included outbound port": ["redirect.outbound.includePorts"],
  "all other outbound TCP goes to Envoy": OUTBOUND_ON,
  "outbound listener of Envoy": ["redirect.outbound.port"],
  "DNS answers from upstream use zone 1": ZONES,
  "DNS queries of the sidecar use zone 1": [...ZONES, "kumaDPUser"],
  "DNS answers of the sidecar use zone 2": [...ZONES, "kumaDPUser"],
  "DNS queries of applications use zone 2": ZONES,
  "answers of a local DNS server use zone 1": ZONES,
};
