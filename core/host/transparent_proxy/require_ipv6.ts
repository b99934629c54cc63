/**
 * IPv6 that is asked for and cannot be had: when that is an error.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { FAMILY_ANNOTATION } from "core/kube/family_annotation.ts";
import type { ResolvedConfig } from "core/proxy/resolved.ts";
import { hasRoutableIpv6, hasUsableIpv6, ipv6Addresses } from "../interfaces.ts";
import type { Place } from "./place.ts";

/** What the decision depends on. */
export interface Ipv6Stakes {
  /** Whether rules of ours for IPv6 are in place; asked only where it matters. */
  readonly acting: () => boolean;
  /** A pod that a runtime is about to make: nobody reads there that IPv6 was left out. */
  readonly pod: boolean;
  /** The addresses of the namespace that is planned for. Default: of the one in which we are. */
  readonly addresses?: Place["ipv6Addresses"];
}

/**
 * To be called with the whole plan, before anything is changed. Kuma 2.9 goes on with IPv4 alone whatever IPv6 is
 * skipped for; then a pod whose traffic can leave by IPv6 bypasses the mesh, and nobody is told.
 *
 * @param skipped why the plan has no rules for IPv6; undefined where it has
 * @throws {KumaError} `KUMA-TP-211` rules that act would go, or a pod that has IPv6 would be without.
 */
export function requireIpv6(
  { ipFamilyMode }: Pick<ResolvedConfig, "ipFamilyMode">,
  skipped: string | undefined,
  { acting, pod, addresses = ipv6Addresses }: Ipv6Stakes,
): void {
  if (skipped === undefined || ipFamilyMode === "ipv4") return;
  const present = addresses();
  if (!hasUsableIpv6(present)) return;
  if (acting()) {
    throw new KumaError(
      "KUMA-TP-211",
      `IPv6 rules are in place and cannot be renewed: ${skipped}`,
      { hint: "nothing was changed" },
    );
  }
  if (!pod || !hasRoutableIpv6(present)) return;
  throw new KumaError(
    "KUMA-TP-211",
    `the pod has an IPv6 address and cannot have IPv6 rules: ${skipped}`,
    {
      hint: "mend that on the node, or intercept IPv4 alone by the annotation " +
        `${FAMILY_ANNOTATION}: ipv4`,
    },
  );
}
