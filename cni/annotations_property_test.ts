import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { KumaError } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import { configFromAnnotations } from "core/proxy/annotations.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { isUserName, resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import { buildRuleset } from "core/rules/build.ts";
import { renderRestore } from "core/rules/render.ts";
import { withinHostLimits } from "core/interception/host_limits.ts";
import { runs } from "tests/support/property.ts";

const RUNS = runs(12_000);

/** Words of a rule that come from us, and the only forms that a value may have. */
const WORD = new RegExp(
  "^(?:" + [
    "!",
    "--?[a-zA-Z-]+",
    "(?:KUMA_MESH_|DOCKER_)[A-Z_]+|PREROUTING|OUTPUT|INPUT|POSTROUTING",
    "RETURN|REDIRECT|DROP|LOG|CT|INVALID",
    "tcp|udp|multiport|owner|comment|conntrack|lo",
    "\\d{1,10}(?:[:,-]\\d{1,10})*",
    "\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d{1,2})?",
    "[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:/\\d{1,3})?",
  ].join("|") + ")$",
);
const COMMENTS = / --comment "[a-zA-Z0-9 /:,.'_-]+"/g;
const INTERFACE = / (-i|--in-interface) [A-Za-z0-9_.@:-]{1,15}\+?(?= )/g;
const LOG_PREFIX = / --log-prefix "?[A-Za-z0-9_: -]+"?/g;

/** Every line of iptables-restore's input is made of known words and parsed values alone. */
function assertOnlyParsed(text: string): void {
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#") || line === "COMMIT") continue;
    if (/^\* ?(raw|nat|mangle)$/.test(line)) continue;
    const rule = line.replaceAll(COMMENTS, "").replaceAll(LOG_PREFIX, "")
      .replaceAll(INTERFACE, "");
    for (const word of rule.trim().split(" ")) {
      assert.match(word, WORD, `the word ${JSON.stringify(word)} of ${JSON.stringify(line)}`);
    }
  }
}

/** Texts that are nearly right, and ones that are not at all. */
const piece = fc.constantFrom(
  ...[
    "80",
    "0",
    "65535",
    "65536",
    "443",
    "1234",
    "tcp",
    "udp",
    "any",
    "*",
    ":",
    ";",
    ",",
    "-",
    "/",
  ],
  ...[
    "10.0.0.1",
    "10.0.0.0/8",
    "fd00::1",
    "::",
    "fd00::/64",
    "%eth0",
    "yes",
    "true",
    "enabled",
    "no",
  ],
  ...[
    "$(id)",
    "`id`",
    "|",
    "&",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\u0000",
    "--dport",
    "-j",
    "ACCEPT",
    '"',
    "'",
  ],
  ...[
    "\\",
    "８",
    "٣",
    "²",
    "𝟙",
    "\u202e",
    "eth0",
    "lo",
    "../",
    "{}",
    "[]",
    "<",
    ">",
    "#",
    "!",
    "1e3",
  ],
);
const value = fc.oneof(
  { weight: 5, arbitrary: fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")) },
  { weight: 2, arbitrary: fc.string({ unit: anyCharacter, maxLength: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: -5, max: 70_000 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.tuple(piece, fc.constantFrom("10.0.0.0/8", "fd00::/64")).map((two) =>
      two.join(":")
    ),
  },
  { weight: 1, arbitrary: fc.ipV4() },
  { weight: 1, arbitrary: fc.ipV6() },
);
const setting = fc.constantFrom(
  ...["kumaDPUser", "ipFamilyMode", "wait", "redirect.inbound.port", "redirect.outbound.port"],
  ...[
    "redirect.inbound.excludePorts",
    "redirect.outbound.excludePortsForUIDs",
    "redirect.dns.port",
  ],
  ...["redirect.outbound.excludePortsForIPs", "redirect.vnet.networks", "log.level"],
  ...["iptablesExecutables.iptables", "redirect.dns.resolvConfigPath", "retry.maxRetries"],
);
const single = fc.constantFrom(
  ANNOTATIONS.sidecarUid,
  ANNOTATIONS.transparentProxyingInboundPort,
  ANNOTATIONS.transparentProxyingOutboundPort,
  ANNOTATIONS.transparentProxyingIpFamilyMode,
  ANNOTATIONS.excludeInboundPorts,
  ANNOTATIONS.excludeOutboundPorts,
  ANNOTATIONS.excludeInboundIps,
  ANNOTATIONS.excludeOutboundIps,
  ANNOTATIONS.excludeOutboundPortsForUids,
  ANNOTATIONS.excludeOutboundTcpPortsForUids,
  ANNOTATIONS.excludeOutboundUdpPortsForUids,
  ANNOTATIONS.applicationProbeProxyPort,
  ANNOTATIONS.gateway,
  ANNOTATIONS.builtinDns,
  ANNOTATIONS.builtinDnsPort,
  ANNOTATIONS.dropInvalidPackets,
  ANNOTATIONS.iptablesLogs,
);
const annotations = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(single, value, { minKeys: 1, maxKeys: 3 }) },
  {
    weight: 3,
    arbitrary: fc.tuple(setting, value).map(([path, text]) => ({
      [ANNOTATIONS.transparentProxyConfig]: JSON.stringify(nested(path.split("."), text)),
    })),
  },
  { weight: 1, arbitrary: value.map((text) => ({ [ANNOTATIONS.transparentProxyConfig]: text })) },
);

function nested([first = "", ...rest]: string[], leaf: string): Record<string, unknown> {
  if (rest.length > 0) return { [first]: nested(rest, leaf) };
  return { [first]: /(IPs|UIDs|Ports|networks)$/.test(first) ? [leaf] : leaf };
}

Deno.test(`no annotation value reaches a command unparsed (${RUNS.numRuns} inputs)`, async () => {
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(annotations, async (given) => {
      let config;
      try {
        config = withinHostLimits((await configFromAnnotations(given)).config).config;
      } catch (error) {
        assert.ok(error instanceof KumaError, String(error));
        assert.ok(Object.keys(given).some((name) => error.message.includes(name)), error.message);
        assert.doesNotMatch(error.line, /[\n\r]/);
        assert.ok(error.line.length < 1000);
        refused += 1;
        return;
      }
      accepted += 1;
      assert.deepEqual(config.iptablesExecutables, {});
      // A name is looked up in the pod's own files; what comes of that is a number.
      const uid = isUserName(config.kumaDPUser) ? 5678 : sidecarUid(config);
      const resolved = resolveConfig(config, uid, () => {});
      for (const family of FAMILIES) {
        const ruleset = buildRuleset(resolved, {
          ...{ family, loopback: "lo", dnsServers: [], comments: true, conntrackZones: true },
          ...{ mangle: true, dockerOutput: false },
        });
        assertOnlyParsed(renderRestore(ruleset, { verbose: config.verbose }));
      }
    }),
    RUNS,
  );
  assert.ok(
    accepted > RUNS.numRuns / 20 && refused > RUNS.numRuns / 20,
    `${accepted} accepted, ${refused} refused`,
  );
});
