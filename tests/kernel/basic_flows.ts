/**
 * Flows that several scenarios share, and who sends them.
 *
 * @module
 */
import type { Flow } from "./flows.ts";

/** UID of an application. */
export const APP = 1000;
/** UID of root, who is no sidecar either. */
export const ROOT = 0;
/** UID of kuma-dp. */
export const SIDECAR = 5678;

/** How plain applications and the sidecar fare where nothing is excluded; holds in most scenarios. */
export const BASICS: readonly Flow[] = [
  { what: "client to a service port", from: "client", to: "host", port: 8080, expect: "inbound" },
  {
    what: "client to a port nobody has",
    from: "client",
    to: "host",
    port: 9999,
    expect: "inbound",
  },
  { what: "client by UDP", from: "client", protocol: "udp", to: "host", port: 8080, expect: "app" },
  { what: "application out", from: APP, to: "remote", port: 80, expect: "outbound" },
  { what: "root out", from: ROOT, to: "remote", port: 80, expect: "outbound" },
  {
    what: "application by UDP",
    from: APP,
    protocol: "udp",
    to: "remote",
    port: 80,
    expect: "remote",
  },
  { what: "sidecar out", from: SIDECAR, to: "remote", port: 80, expect: "remote" },
  { what: "application to localhost", from: APP, to: "localhost", port: 8080, expect: "app" },
  { what: "application to itself", from: APP, to: "host", port: 8080, expect: "app" },
  { what: "sidecar to its own address", from: SIDECAR, to: "host", port: 8080, expect: "inbound" },
  { what: "sidecar to localhost", from: SIDECAR, to: "localhost", port: 8080, expect: "app" },
  {
    what: "sidecar's passthrough to the application",
    from: SIDECAR,
    source: "passthrough",
    to: "host",
    port: 8080,
    expect: "app",
  },
  {
    what: "validator: sidecar to the passthrough address",
    from: SIDECAR,
    source: "localhost",
    to: "passthrough",
    port: 20123,
    expect: "inbound",
  },
];

/** How everybody fares where nothing is redirected. */
export const UNTOUCHED: readonly Flow[] = [
  { what: "client to a service port", from: "client", to: "host", port: 8080, expect: "app" },
  { what: "application out", from: APP, to: "remote", port: 80, expect: "remote" },
  { what: "DNS", from: APP, protocol: "udp", to: "otherDns", port: 53, expect: "dns-server" },
  { what: "sidecar to its own address", from: SIDECAR, to: "host", port: 8080, expect: "app" },
];

/** One question over UDP and one over TCP. */
export function dns(
  what: string,
  from: number,
  to: Flow["to"],
  udp: Flow["expect"],
  tcp: Flow["expect"],
): Flow[] {
  return [
    { what: `DNS over UDP: ${what}`, from, protocol: "udp", to, port: 53, expect: udp },
    { what: `DNS over TCP: ${what}`, from, protocol: "tcp", to, port: 53, expect: tcp },
  ];
}
