/**
 * Rules and programs of others, and what the kernel has only so much of.
 *
 * @module
 */
import { ALWAYS_SECTIONS } from "core/check/host_always.ts";
import { failed, ok, type Outcome, warning } from "core/check/outcome.ts";
import { type Look, type Section, section } from "core/check/run.ts";
import { baseChains, closedInputChains } from "core/host/nftables/base_chains.ts";
import type { Surroundings } from "core/host/nftables/surroundings.ts";
import { readProcFile } from "core/host/proc.ts";
import { backendFor } from "core/host/transparent_proxy/backend.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { arrivalOf } from "core/rules/arriving.ts";
import type { HostSubject } from "./subject.ts";

/** The section; `ahead` looks for rules that keep traffic from ours, which differs before and after. */
export function othersSection(subject: HostSubject, ahead: Look): Section {
  const { document, around } = subject;
  return section("others", ALWAYS_SECTIONS.others, {
    "others-ahead": ahead,
    "others-input": () => document.redirect.inbound.enabled ? input(subject) : undefined,
    "others-mesh": async () => mesh(await around()),
    "others-firewalld": async () => firewalld(subject, await around()),
    "others-kube-proxy": async () => {
      const chains = placesOf(await around(), /^KUBE-SERVICES$/);
      return chains.length === 0 || document.ebpf.enabled ? undefined : warning(chains);
    },
    "others-docker": async () => docker(subject, await around()),
  });
}

async function input({ document, filters }: HostSubject): Promise<Outcome> {
  const { port } = document.redirect.inbound;
  const dropped: string[] = [], some: string[] = [];
  for (const { tools, state } of await filters()) {
    const where = `${tools.iptables}, table filter, chain INPUT`;
    const arrival = arrivalOf(state, port);
    if (arrival === "dropped") dropped.push(`${where}: TCP to port ${port} is dropped`);
    if (arrival === "some") some.push(`${where}: TCP to port ${port} is let in from some alone`);
  }
  // What is iptables' own was followed above, rule by rule.
  const closed = closedInputChains(baseChains());
  some.push(...closed.map((chain) => `nftables, ${chain}: it drops what its rules do not let in`));
  const todo = `make sure that TCP to port ${port} is let in`;
  if (dropped.length > 0) return failed([...dropped, ...some], { todo });
  return some.length > 0 ? warning(some, { todo }) : ok();
}

/** Chains that meshes make, by the start of their names; Istio has tables of nftables, too. */
const MESHES: Readonly<Record<string, RegExp>> = {
  Istio: /^(ISTIO_|istio-)/,
  Linkerd: /^PROXY_INIT_/,
  Consul: /^CONSUL_(PROXY|DNS)_/,
};

function mesh(around: Surroundings): Outcome {
  const lines = Object.entries(MESHES).flatMap(([name, chains]) =>
    placesOf(around, chains).slice(0, 1).map((place) => `${name}: ${place}`)
  );
  return lines.length === 0 ? ok() : failed(lines);
}

function firewalld({ document }: HostSubject, around: Surroundings): Outcome | undefined {
  const chains = (around.chains ?? []).filter(({ table }) => table === "firewalld");
  const direct = placesOf(around, /^(PREROUTING_direct|OUTPUT_direct)$/);
  if (chains.length === 0 && direct.length === 0 || document.ebpf.enabled) return undefined;
  if (document.storeFirewalld) return ok("the rules are in its direct.xml, too");
  const { backend } = backendFor(document, around, {});
  return backend === "nftables"
    ? ok("ours are in a table of their own")
    : warning("firewalld has rules here, and its reload may flush ours");
}

function docker({ document }: HostSubject, around: Surroundings): Outcome | undefined {
  const { dns, vnet } = document.redirect;
  if (placesOf(around, /^DOCKER_OUTPUT$/).length > 0) {
    return dns.enabled && dns.captureAll && !dns.skipConntrackZoneSplit
      ? warning("Docker's own DNS is here (DOCKER_OUTPUT): connection tracking zones are off", {
        todo: "nothing, or --skip-dns-conntrack-zone-split to say that it is meant so",
      })
      : ok("Docker's own DNS is here (DOCKER_OUTPUT)");
  }
  if (placesOf(around, /^DOCKER$/).length === 0) return undefined;
  return vnet.networks.length > 0
    ? ok(vnet.networks.join(", "))
    : warning("Docker has rules here, and no virtual network was named");
}

/** Tables of nftables and of iptables-legacy that have a chain, or a name, like this: `ip nat KUBE-SERVICES`. */
function placesOf({ chains = [], legacyChains }: Surroundings, pattern: RegExp): string[] {
  const families = { ipv4: "ip", ipv6: "ip6", inet: "inet" };
  const nft = chains.filter(({ name, table }) => pattern.test(name) || pattern.test(table))
    .map(({ family, table, name }) => `${families[family]} ${table} ${name}`);
  const legacy = FAMILIES.flatMap((family) =>
    (legacyChains[family] ?? []).filter((name) => pattern.test(name))
      .map((name) => `${families[family]} nat ${name} (iptables-legacy)`)
  );
  return [...nft, ...legacy];
}

/** From here on it is nearly full, as a share. */
const NEARLY_FULL = 0.9;

/** The section. */
export function limitsSection(): Section {
  return section("limits", ALWAYS_SECTIONS.limits, {
    "limits-conntrack": () => {
      const [count, most] = ["count", "max"].map(conntrack);
      if (count === undefined || most === undefined) return ok("not in use yet");
      const text = `${count} of ${most} entries`;
      return count >= most * NEARLY_FULL ? warning(text) : ok(text);
    },
  });
}

/** A number of net.netfilter; undefined where conntrack is not loaded. */
function conntrack(name: string): number | undefined {
  try {
    return Number(readProcFile(`/proc/sys/net/netfilter/nf_conntrack_${name}`).trim());
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
