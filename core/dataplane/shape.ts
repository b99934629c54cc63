/**
 * The shape of a Dataplane's spec, once: its definition, and what counts as equal, come from this table. The names
 * are those of Kuma's Dataplane as it is written in JSON.
 *
 * @module
 */

/** What a field holds. */
export type Shape =
  /** A text; `words` are all that it may be, the zero value first, `shortest` the least characters it may have. */
  | { readonly is: "text"; readonly words?: readonly string[]; readonly shortest?: number }
  /** A whole number from 0; 0 is the zero value. */
  | { readonly is: "number"; readonly most: number }
  /** True or false; false is the zero value unless Kuma wraps it to tell it from nothing. */
  | { readonly is: "switch"; readonly wrapped?: boolean }
  /** A map of texts. */
  | { readonly is: "texts" }
  /** A list; `sorted` where it is a set whose items are told apart by their name. */
  | { readonly is: "list"; readonly of: Shape; readonly sorted?: boolean }
  /** An object; that it is there says something even when it is empty. */
  | {
    readonly is: "object";
    readonly fields: Readonly<Record<string, Shape>>;
    readonly help?: string;
  }
  /** Anything; taken as it is. */
  | { readonly is: "any" };

const text: Shape = { is: "text" };
const texts: Shape = { is: "texts" };
const any: Shape = { is: "any" };
const port: Shape = { is: "number", most: 65_535 };

const words = (...list: string[]): Shape => ({ is: "text", words: list });
const listOf = (of: Shape): Shape => ({ is: "list", of });
const object = (fields: Readonly<Record<string, Shape>>, help?: string): Shape =>
  help === undefined ? { is: "object", fields } : { is: "object", fields, help };

const inbound = object({
  port,
  servicePort: port,
  address: text,
  serviceAddress: text,
  name: text,
  tags: texts,
  health: object({ ready: { is: "switch" } }),
  state: words("Ready", "NotReady", "Ignored"),
  serviceProbe: any,
}, "A port of the workload, under the name that one Service gives it.");

const outbound = object({
  address: text,
  port,
  service: text,
  tags: texts,
  backendRef: any,
}, "Somebody whom the workload may reach.");

const backend = object({ kind: text, name: text, namespace: text, port, labels: texts });

const transparentProxying = object({
  redirectPortInbound: port,
  redirectPortOutbound: port,
  redirectPortInboundV6: port,
  ipFamilyMode: words("UnSpecified", "DualStack", "IPv4", "IPv6"),
  directAccessServices: listOf(text),
  reachableServices: listOf(text),
  reachableBackends: object({ refs: listOf(backend) }),
}, "How the workload's traffic is redirected to its proxy.");

const application = object({
  name: text,
  path: text,
  port,
  address: text,
  enabled: { is: "switch", wrapped: true },
});

/** The spec. */
export const DATAPLANE_SPEC: Shape = object({
  networking: object({
    address: { is: "text", shortest: 1 },
    advertisedAddress: text,
    admin: object({ port }),
    gateway: object({ type: words("DELEGATED", "BUILTIN"), tags: texts }),
    inbound: listOf(inbound),
    outbound: listOf(outbound),
    transparentProxying,
  }, "Where the proxy is, and what it stands for."),
  metrics: object({
    name: text,
    type: text,
    conf: object({
      path: text,
      port,
      aggregate: { is: "list", of: application, sorted: true },
    }),
  }, "Where the proxy's metrics are scraped."),
  probes: object({
    port,
    endpoints: listOf(object({ inboundPort: port, inboundPath: text, path: text })),
  }, "Virtual probes: paths of the proxy that stand for the workload's own."),
});
