/**
 * `networking.transparentProxying`: what the sidecar is told about redirection and about whom it may reach.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { AnnotationReader } from "./annotation_reader.ts";
import { reachableBackends } from "./reachable_backends.ts";
import { withoutZeros } from "./zeros.ts";

/** The section; undefined where the pod is not redirected. */
export function transparentProxying(reader: AnnotationReader): JsonObject | undefined {
  if (reader.switch(ANNOTATIONS.transparentProxying) !== true) return undefined;
  const inbound = reader.requiredPort(ANNOTATIONS.transparentProxyingInboundPort);
  const outbound = reader.requiredPort(ANNOTATIONS.transparentProxyingOutboundPort);
  const backends = reachableBackends(reader);
  return {
    ...withoutZeros({
      redirectPortInbound: inbound ?? 0,
      redirectPortOutbound: outbound ?? 0,
      ipFamilyMode: ipFamilyMode(reader),
      directAccessServices: reader.list(ANNOTATIONS.directAccessServices),
      reachableServices: reader.list(ANNOTATIONS.transparentProxyingReachableServices),
    }),
    // Empty, it says that nothing may be reached; absent, everything.
    ...(backends === undefined ? {} : { reachableBackends: backends }),
  };
}

/** A Dataplane cannot say `ipv6`, though the redirection itself can be that. */
function ipFamilyMode(reader: AnnotationReader): string {
  const name = ANNOTATIONS.transparentProxyingIpFamilyMode;
  const value = reader.text(name) ?? "dualstack";
  if (value === "dualstack") return "DualStack";
  if (value === "ipv4") return "IPv4";
  reader.wrongValue(name, value, "a Dataplane knows dualstack and ipv4");
  return "";
}
