/**
 * The checks of a host, or of a network namespace, after an installation: `kumactl check`.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";

/** What was installed. */
const PROXY = {
  title: "Transparent proxy",
  checks: {
    "proxy-installed": {
      title: "The transparent proxy is installed",
      code: "KUMA-CHK-020",
      todo:
        "run 'kumactl install transparent-proxy'; in a pod look for kuma-cni's or kuma-init's log",
      about:
        "Whether any rule of ours, or eBPF program, is in this network namespace. The check says by which backend, since when, " +
        "and by which version, where that was noted.",
    },
    "proxy-as-wanted": {
      title: "It is as it was wanted",
      code: "KUMA-CHK-021",
      todo:
        "run 'kumactl install transparent-proxy' with the same settings: it puts right what differs",
      about:
        "Every rule is compared with what was installed, or, where nothing was noted (as in pods) or settings are given, with " +
        "the settings of the command line. Servers of resolv.conf count, as they are now.",
    },
    "proxy-one-backend": {
      title: "Only one backend redirects",
      code: "KUMA-CHK-024",
      todo:
        "run 'kumactl install transparent-proxy' again: it removes the rules of the other backend",
      about:
        "While one backend takes over from another, both hold rules for a moment. Where both stay, an installation was " +
        "interrupted, or two tools redirect.",
    },
    "proxy-finished": {
      title: "No installation was killed on its way",
      code: "KUMA-CHK-023",
      todo: "run 'kumactl install transparent-proxy' again: it puts the rest right",
      about:
        "An installation notes what it is about to do, and that it is done. One that was killed leaves the first note alone: its " +
        "rules are in place, or those from before, and never half of a table.",
    },
    "proxy-version": {
      title: "It was installed by this version of kumactl",
      code: "KUMA-CHK-025",
      todo: "run 'kumactl install transparent-proxy' with the same settings",
      about:
        "Another version may write other rules. It is a warning alone: the rules that are in place do what they did.",
    },
  },
} as const satisfies SectionDefinition;

/** Who takes what is redirected. */
const LISTENERS = {
  title: "Where traffic is redirected to",
  checks: {
    "listens-inbound": {
      title: "kuma-dp listens on the inbound port",
      code: "KUMA-CHK-022",
      todo: "start kuma-dp as the user that was installed for it, and look at its log",
      about:
        "All that arrives is redirected to this port. While nobody listens there, connections are refused. Who listens there as " +
        "another user than the one that was installed has its own connections redirected to itself; who listens on 127.0.0.1 " +
        "alone gets nothing that arrives from elsewhere.",
    },
    "listens-outbound": {
      title: "kuma-dp listens on the outbound port",
      code: "KUMA-CHK-022",
      todo: "start kuma-dp as the user that was installed for it, and look at its log",
      about: "The same for what this host, or pod, sends.",
    },
    "listens-dns": {
      title: "kuma-dp's DNS server listens",
      code: "KUMA-CHK-022",
      todo: "start kuma-dp with --dns-enabled, and look at its log",
      about:
        "The same for DNS over UDP, where DNS is redirected. While nobody listens, no name is resolved.",
    },
  },
} as const satisfies SectionDefinition;

/** What has changed around it. */
const PLACE = {
  title: "The host around it",
  checks: {
    "place-user": {
      title: "kuma-dp's user is still the one that was installed",
      code: "KUMA-CHK-028",
      todo: "run 'kumactl install transparent-proxy' again",
      about:
        "The rules hold the number of the user. Where the user was made anew with another one, kuma-dp's own traffic is redirected " +
        "to itself.",
    },
    "place-loopback": {
      title: "The loopback interface is up",
      code: "KUMA-CHK-029",
      todo: "bring it up: ip link set lo up",
      about: "What is sent and redirected goes to the proxy by the loopback interface.",
    },
    "place-fits": {
      title: "The host is as it was at the installation",
      code: "KUMA-CHK-026",
      todo:
        "run 'kumactl install transparent-proxy' with the same settings, which looks at the host anew",
      about:
        "Servers of resolv.conf that are other ones now, so that the new ones are not redirected; IPv6 addresses that came " +
        "since; IPv6 that is not intercepted; interfaces of `--vnet` that are not here, so that what comes by another name " +
        "bypasses the mesh.",
    },
    "place-reboot": {
      title: "It survives a reboot",
      code: "KUMA-CHK-027",
      todo: "give --persist systemd, or --store-firewalld where firewalld runs",
      about:
        "Rules of a firewall are gone when the machine starts anew. Something has to put them in before the network is up.",
    },
  },
} as const satisfies SectionDefinition;

/** All of them, in their order, by what names them in JSON. */
export const AFTER_SECTIONS = {
  proxy: PROXY,
  listeners: LISTENERS,
  place: PLACE,
} as const satisfies Readonly<Record<string, SectionDefinition>>;
