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
  if (runAsUser === undefined) return { config, warnings: [] };
  const named = isUserName(config.kumaDPUser) ? config.kumaDPUser : sidecarUid(config);
  if (runAsUser === named) return { config, warnings: [] };
  return {
    config: { ...config, kumaDPUser: String(runAsUser) },
    warnings: [
      `the sidecar runs as user ${runAsUser}, not as ${named}, which the annotations name: ` +
      `user ${runAsUser} is exempted from redirection`,
    ],
  };
}
