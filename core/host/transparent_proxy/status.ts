/**
 * What of the transparent proxy is in place, and whether it is what was wanted.
 *
 * @module
 */
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import type { RuleAhead } from "core/rules/ahead.ts";
import { type CountedRule, type Intercepted, intercepted } from "core/rules/counted.ts";
import type { Listener } from "../listeners.ts";
import {
  holdsOurIptables,
  lookAround,
  requireSight,
  usesIptables,
} from "../nftables/surroundings.ts";
import { examineTransparentProxy } from "./check.ts";
import { listenersFit, listenersOf } from "./listeners_fit.ts";
import type { HostOptions } from "./options.ts";
import { othersAhead } from "./others_ahead.ts";
import type { InstallRecord } from "./record.ts";
import { openSession, patienceOf, type Session } from "./session.ts";
import { surroundingsFit } from "./surroundings_fit.ts";
import { describeAhead } from "./describe_ahead.ts";

/** What there is. */
export interface HostStatus {
  /** `absent`: no rule of ours is here. */
  readonly state: "in place" | "drifted" | "absent";
  /** What holds our rules; both while one takes over from the other. */
  readonly backends: readonly ("eBPF" | "nftables" | "iptables")[];
  /** Where our rules are not the wanted ones, one line each, as the check of kuma-cni has them. */
  readonly differences: readonly string[];
  /** Why they do not do what was wanted all the same, one line each: rules of others, listeners, resolv.conf, … */
  readonly misfits: readonly string[];
  /** What a person should know, and is no difference, one line each. */
  readonly notes: readonly string[];
  /** Who listens where traffic is redirected to. */
  readonly listeners: readonly Listener[];
  /** Our rules that are in place, with what each has matched. */
  readonly rules: readonly CountedRule[];
  /** Undefined where no rule counts. */
  readonly intercepted: Intercepted | undefined;
  /** Rules of others that packets meet before ours. */
  readonly ahead: readonly RuleAhead[];
}

/** What a look may be told. */
export interface StatusOptions extends HostOptions {
  /** What was installed, where that is compared with. */
  readonly record?: InstallRecord;
}

/**
 * Looks at the netns that the main thread is in and compares it with `document`. Changes nothing.
 *
 * @throws {KumaError} as the check does; `KUMA-TP-043` the kernel does not tell this user.
 */
export async function statusOfTransparentProxy(
  document: TransparentProxyConfig,
  options: StatusOptions = {},
): Promise<HostStatus> {
  const around = lookAround();
  requireSight(around);
  // As a dry run: looking must not add an address to the loopback interface.
  const session = openSession({ ...options, counters: true }, patienceOf(document), true);
  const backends = [
    ...around.ourTable ? ["nftables" as const] : [],
    ...holdsOurIptables(around) || usesIptables(around) && await holdsRemnants(session)
      ? ["iptables" as const]
      : [],
  ];
  if (backends.length === 0) return { ...NOTHING, listeners: listenersOf(document) };
  const subject = { document, around };
  const examined = await examineTransparentProxy(subject, session, options);
  const { differences, rules, ahead, home, config } = examined;
  const others = await othersAhead(around, home, session);
  const first = [...ahead, ...others.ahead];
  const { inbound, outbound, dns } = config;
  const ports = { inbound: inbound.port, outbound: outbound.port, dns: dns.port };
  const counts = intercepted(rules, ports);
  const listening = listenersFit(document, config.uid, counts);
  const fits = surroundingsFit(examined, options.record);
  const misfits = [
    ...first.filter(({ bypasses }) => bypasses)
      .map((one) => `a rule of others comes before ours: ${describeAhead(one)}`),
    ...listening.misfits,
    ...fits.misfits,
  ];
  return {
    state: differences.length + misfits.length === 0 && backends.length === 1
      ? "in place"
      : "drifted",
    backends,
    differences,
    misfits,
    notes: [
      ...first.filter(({ bypasses }) => !bypasses)
        .map((one) => `others take packets first: ${describeAhead(one)}`),
      ...others.unseen,
      ...listening.notes,
      ...fits.notes,
    ],
    listeners: listening.listeners,
    rules,
    intercepted: counts,
    ahead: first,
  };
}

/** The status of a netns without a rule of ours. */
const NOTHING = {
  state: "absent",
  backends: [],
  differences: [],
  misfits: [],
  notes: [],
  rules: [],
  intercepted: undefined,
  ahead: [],
} as const;

/** Whether rules of ours are left in tables of iptables though no chain of ours is. */
async function holdsRemnants(session: Session): Promise<boolean> {
  const { viewsOf } = await import("./programs.ts");
  const views = viewsOf(session);
  const { holdsOurs } = await import("../firewall/snapshot.ts");
  for (const family of FAMILIES) {
    for (const flavour of ["nft", "legacy"] as const) {
      if (views.hasTables(family, flavour) !== true) continue;
      const view = await views.get(family, flavour);
      // Programs that are missing put nothing in; where chains of ours stand, they are seen without them.
      if (typeof view !== "string" && holdsOurs(view.state)) return true;
    }
  }
  return false;
}
