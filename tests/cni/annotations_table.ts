/**
 * What each annotation asks for, as rules of one family, written by hand from Kuma 2.9's behaviour: chains
 * of `iptables-save` without comments. A row names only the chains in which it differs from {@linkcode BASE}.
 *
 * @module
 */

/** Rules by `table chain`, in their order. */
export type Chains = Readonly<Record<string, readonly string[]>>;

/** A family's own addresses. */
export interface FamilyWords {
  readonly family: "ipv4" | "ipv6";
  /** What Envoy sends from when it passes an inbound connection on. */
  readonly pass: string;
  readonly local: string;
}

/** Both families. */
export const FAMILIES: readonly FamilyWords[] = [
  { family: "ipv4", pass: "127.0.0.6/32", local: "127.0.0.1/32" },
  { family: "ipv6", pass: "::6/128", local: "::1/128" },
];

/** One row: annotations, and the chains that differ; undefined for a family without rules. */
export interface Row {
  readonly annotations: Readonly<Record<string, string>>;
  readonly rules: (words: FamilyWords) => Chains | undefined;
}

const IN = "nat KUMA_MESH_INBOUND";
const OUT = "nat KUMA_MESH_OUTBOUND";
const TO_IN = "nat KUMA_MESH_INBOUND_REDIRECT";
const TO_OUT = "nat KUMA_MESH_OUTBOUND_REDIRECT";
const PRE = "nat PREROUTING";
const OUTPUT = "nat OUTPUT";
const JUMP_OUT = "-p tcp -j KUMA_MESH_OUTBOUND";

/** Inbound exclusions, then everything. */
const inbound = (...ports: number[]) => [
  ...ports.map((port) => `-p tcp -m tcp --dport ${port} -j RETURN`),
  "-p tcp -j KUMA_MESH_INBOUND_REDIRECT",
];

/** The outbound chain for a user, with exclusions of ports first; `dns` as where DNS is redirected. */
function outbound(
  { pass, local }: FamilyWords,
  uid: string,
  ports: number[],
  dns?: number,
): string[] {
  const notDns = dns === undefined ? "" : "-m tcp ! --dport 53 ";
  return [
    ...ports.map((port) => `-p tcp -m tcp --dport ${port} -j RETURN`),
    `-s ${pass} -o lo -j RETURN`,
    `! -d ${local} -o lo -p tcp ${notDns}-m owner --uid-owner ${uid} -j KUMA_MESH_INBOUND_REDIRECT`,
    `-o lo -p tcp ${notDns}-m owner ! --uid-owner ${uid} -j RETURN`,
    `-m owner --uid-owner ${uid} -j RETURN`,
    ...(dns === undefined ? [] : [`-p tcp -m tcp --dport 53 -j REDIRECT --to-ports ${dns}`]),
    `-d ${local} -j RETURN`,
    "-j KUMA_MESH_OUTBOUND_REDIRECT",
  ];
}

/** The rules of a pod that has no annotation but the one of the injection. */
export const BASE = (words: FamilyWords): Chains => ({
  [PRE]: ["-p tcp -j KUMA_MESH_INBOUND"],
  [OUTPUT]: [JUMP_OUT],
  [IN]: inbound(9901, 9001),
  [OUT]: outbound(words, "5678", [9901]),
  [TO_IN]: ["-p tcp -j REDIRECT --to-ports 15006"],
  [TO_OUT]: ["-p tcp -j REDIRECT --to-ports 15001"],
});

/** DNS for a user and a port: everything is captured, and conntrack keeps both legs apart. */
const dns = (words: FamilyWords, port: number, uid = "5678"): Chains => ({
  "raw PREROUTING": ["-p udp -m udp --sport 53 -j CT --zone 1"],
  "raw OUTPUT": [
    `-p udp -m udp --dport 53 -m owner --uid-owner ${uid} -j CT --zone 1`,
    `-p udp -m udp --sport ${port} -m owner --uid-owner ${uid} -j CT --zone 2`,
    "-p udp -m udp --dport 53 -j CT --zone 2",
  ],
  [OUTPUT]: [
    `-p udp -m udp --dport 53 -m owner --uid-owner ${uid} -j RETURN`,
    `-p udp -m udp --dport 53 -j REDIRECT --to-ports ${port}`,
    JUMP_OUT,
  ],
  [OUT]: outbound(words, uid, [9901], port),
});

/** `-m multiport` exclusions of users, ahead of the jump. */
const users = (...items: [protocol: string, ports: string, uids: string][]): Chains => ({
  [OUTPUT]: [
    ...items.map(([protocol, ports, uids]) =>
      `-p ${protocol} -m multiport --dports ${ports} -m owner --uid-owner ${uids} -j RETURN`
    ),
    JUMP_OUT,
  ],
});

const same = (): Chains => ({});
const GATEWAY: Chains = { [IN]: ["-p tcp -j RETURN"] };
const DROP: Chains = { "mangle PREROUTING": ["-m conntrack --ctstate INVALID -j DROP"] };
const LOGS: Chains = {
  [PRE]: ['-j LOG --log-prefix "PREROUTING:" --log-level 7', "-p tcp -j KUMA_MESH_INBOUND"],
  [OUTPUT]: ['-j LOG --log-prefix "OUTPUT:" --log-level 7', JUMP_OUT],
};

const KUMA = "kuma.io/";
const TRAFFIC = "traffic.kuma.io/";
const row = (name: string, value: string, rules: Row["rules"] | Chains): Row => ({
  annotations: { [name]: value },
  rules: typeof rules === "function" ? rules : () => rules,
});
const rows = (name: string, values: string[], rules: Row["rules"] | Chains): Row[] =>
  values.map((value) => row(name, value, rules));

/** Every annotation that the plugin reads. */
export const TABLE: readonly Row[] = [
  { annotations: {}, rules: same },
  row(`${KUMA}sidecar-uid`, "1337", (words) => ({ [OUT]: outbound(words, "1337", [9901]) })),
  row(`${KUMA}sidecar-uid`, "", same),
  row(`${KUMA}sidecar-uid`, "4294967294", (words) => ({
    [OUT]: outbound(words, "4294967294", [9901]),
  })),
  row(`${KUMA}transparent-proxying-outbound-port`, " 25001 ", {
    [TO_OUT]: ["-p tcp -j REDIRECT --to-ports 25001"],
  }),
  row(`${KUMA}transparent-proxying-inbound-port`, "25006", {
    [TO_IN]: ["-p tcp -j REDIRECT --to-ports 25006"],
  }),
  row(`${KUMA}transparent-proxying-ip-family-mode`, "dualstack", same),
  row(
    `${KUMA}transparent-proxying-ip-family-mode`,
    "ipv4",
    ({ family }) => family === "ipv4" ? {} : undefined,
  ),
  row(
    `${KUMA}transparent-proxying-ip-family-mode`,
    "ipv6",
    ({ family }) => family === "ipv6" ? {} : undefined,
  ),
  row(`${TRAFFIC}exclude-inbound-ports`, "3355, 80 ,9001", { [IN]: inbound(3355, 80, 9001) }),
  row(`${TRAFFIC}exclude-inbound-ports`, "", { [IN]: inbound(9001) }),
  row(`${KUMA}application-probe-proxy-port`, "19988", { [IN]: inbound(9901, 19988) }),
  row(`${KUMA}application-probe-proxy-port`, "0", { [IN]: inbound(9901) }),
  row(
    `${TRAFFIC}exclude-outbound-ports`,
    "443 , 5432",
    (words) => ({ [OUT]: outbound(words, "5678", [443, 5432]) }),
  ),
  row(`${TRAFFIC}exclude-outbound-ports`, "", (words) => ({ [OUT]: outbound(words, "5678", []) })),
  row(
    `${TRAFFIC}exclude-outbound-ports-for-uids`,
    "tcp:80:1234;udp:53:1235 ; 1236;8080-8090,443:7-9;TCP,udp:*:11",
    users(
      ["tcp", "80", "1234"],
      ["udp", "53", "1235"],
      ["tcp", "1:65535", "1236"],
      ["udp", "1:65535", "1236"],
      ["tcp", "8080:8090,443", "7-9"],
      ["udp", "8080:8090,443", "7-9"],
      ["tcp", "1:65535", "11"],
      ["udp", "1:65535", "11"],
    ),
  ),
  row(`${TRAFFIC}exclude-outbound-ports-for-uids`, "", same),
  row(
    `${TRAFFIC}exclude-outbound-tcp-ports-for-uids`,
    "80,443:1234;1235",
    users(["tcp", "80,443", "1234"], ["tcp", "1:65535", "1235"]),
  ),
  row(`${TRAFFIC}exclude-outbound-udp-ports-for-uids`, "53:1234", users(["udp", "53", "1234"])),
  row(`${TRAFFIC}exclude-inbound-ips`, "10.1.0.0/16, fd11::7,10.2.3.4", ({ family }) => ({
    [IN]: [
      ...(family === "ipv4"
        ? ["-s 10.1.0.0/16 -j RETURN", "-s 10.2.3.4/32 -j RETURN"]
        : ["-s fd11::7/128 -j RETURN"]),
      ...inbound(9901, 9001),
    ],
  })),
  row(`${TRAFFIC}exclude-inbound-ips`, "", same),
  row(`${TRAFFIC}exclude-outbound-ips`, "fd11::/64,10.1.0.0/16", ({ family }) => ({
    [OUTPUT]: [`-d ${family === "ipv4" ? "10.1.0.0/16" : "fd11::/64"} -j RETURN`, JUMP_OUT],
  })),
  row(`${TRAFFIC}exclude-outbound-ips`, "", same),
  ...rows(`${KUMA}gateway`, ["enabled", "true", "yes", "Enabled", " TRUE ", "provided"], GATEWAY),
  ...rows(`${KUMA}gateway`, ["disabled", "false", "no", "Disabled"], same),
  ...rows(`${KUMA}builtin-dns`, ["enabled", "true", "yes"], (words) => dns(words, 15053)),
  ...rows(`${KUMA}builtin-dns`, ["disabled", "false", "NO"], same),
  {
    annotations: { [`${KUMA}builtin-dns`]: "Enabled", [`${KUMA}builtin-dns-port`]: "15099" },
    rules: (words) => dns(words, 15099),
  },
  row(`${KUMA}builtin-dns-port`, "15099", same),
  ...rows(`${TRAFFIC}drop-invalid-packets`, ["true", "Enabled", "yes"], DROP),
  ...rows(`${TRAFFIC}drop-invalid-packets`, ["false", "no"], same),
  ...rows(`${TRAFFIC}iptables-logs`, ["true", "enabled", "Yes"], LOGS),
  ...rows(`${TRAFFIC}iptables-logs`, ["false", "disabled"], same),
  // A gateway's inbound exclusions mean nothing.
  {
    annotations: { [`${KUMA}gateway`]: "yes", [`${TRAFFIC}exclude-inbound-ports`]: "80" },
    rules: () => GATEWAY,
  },
  // Nothing of these is the plugin's.
  {
    annotations: {
      [`${KUMA}transparent-proxying`]: "disabled",
      [`${KUMA}sidecar-injection`]: "disabled",
      [`${KUMA}envoy-admin-port`]: "9999",
      [`${KUMA}builtin-dns-logging`]: "true",
      [`${KUMA}virtual-probes`]: "disabled",
      [`${TRAFFIC}transparent-proxy-config`]: " ",
    },
    rules: same,
  },
  // The single annotation is the whole: the others are not asked.
  {
    annotations: {
      [`${KUMA}sidecar-uid`]: "1",
      [`${TRAFFIC}exclude-inbound-ports`]: "1",
      [`${TRAFFIC}transparent-proxy-config`]: [
        "kumaDPUser: '7777'",
        "log: { enabled: true, level: 5 }",
        "dropInvalidPackets: true",
        "redirect:",
        "  dns: { enabled: true, captureAll: true, port: 15053 }",
        "  inbound: { port: 35006, excludePorts: [81], excludePortsForIPs: ['10.1.0.0/16'] }",
        "  outbound: { port: 35001, excludePorts: '82,83', excludePortsForUIDs: ['tcp:443:8888'] }",
        "unknownKey: 1",
      ].join("\n"),
    },
    rules: (words) => ({
      ...dns(words, 15053, "7777"),
      ...DROP,
      [PRE]: LOGS[PRE]?.map((rule) => rule.replace("level 7", "level 5")) ?? [],
      [OUTPUT]: [
        '-j LOG --log-prefix "OUTPUT:" --log-level 5',
        "-p tcp -m multiport --dports 443 -m owner --uid-owner 8888 -j RETURN",
        ...dns(words, 15053, "7777")[OUTPUT] ?? [],
      ],
      [IN]: [
        ...(words.family === "ipv4" ? ["-s 10.1.0.0/16 -j RETURN"] : []),
        ...inbound(81),
      ],
      [OUT]: outbound(words, "7777", [82, 83], 15053),
      [TO_IN]: ["-p tcp -j REDIRECT --to-ports 35006"],
      [TO_OUT]: ["-p tcp -j REDIRECT --to-ports 35001"],
    }),
  },
];
