/**
 * The user that the sidecar really runs as. A ContainerPatch may change `runAsUser` of the container and not
 * the annotation; the sidecar's own traffic would then be redirected to the sidecar, without an end.
 *
 * @module
 */
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { isUserName, sidecarUid } from "core/proxy/resolve.ts";

/** The configuration for that user, and what was not obeyed. */
export interface ForUser {
  readonly config: TransparentProxyConfig;
  readonly warnings: readonly string[];
}

/**
 * Exempts the user of the container where it names one, else the one that the annotations name. A name among
 * them is looked up on the node only where the container says nothing: its image has users of its own.
 *
 * @param runAsUser `securityContext.runAsUser` of the sidecar's container
 */
export function asSidecarRuns(config: TransparentProxyConfig, runAsUser?: number): ForUser {
  const other = otherThan(config, runAsUser);
  if (other === undefined) return { config, warnings: [] };
  return {
    config: { ...config, kumaDPUser: String(runAsUser) },
    warnings: [
      `the sidecar runs as user ${runAsUser}, not as ${other}, which the annotations name: ` +
      `user ${runAsUser} is exempted from redirection`,
    ],
  };
}

/** The warning about rules that exempt another user than the container's; undefined where they exempt the right one. */
export function otherUserThanRuns(
  config: TransparentProxyConfig,
  runAsUser?: number,
): string | undefined {
  const other = otherThan(config, runAsUser);
  return other === undefined ? undefined : `the sidecar runs as user ${runAsUser}, but ${other} ` +
    "is exempted from redirection: what it sends comes back to it";
}

function otherThan(config: TransparentProxyConfig, runAsUser?: number) {
  if (runAsUser === undefined) return undefined;
  const named = isUserName(config.kumaDPUser) ? config.kumaDPUser : sidecarUid(config);
  return runAsUser === named ? undefined : named;
}
