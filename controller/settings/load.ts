/**
 * Reads the controller's settings: the control plane's YAML document, the environment over it, defaults below
 * both.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { CONTROLLER_LOAD } from "core/dataplane/settings.ts";
import { parseGoDuration } from "core/grammar/go_duration.ts";
import type { LoadedSettings as Loaded, SettingsDocument } from "core/settings/load.ts";
import { loadSettings as load } from "core/settings/load.ts";
import { SETTINGS } from "./table.ts";

/** The controller's settings, where each value comes from, and what a person should know. */
export type LoadedSettings = Loaded<typeof SETTINGS>;

/**
 * Merges the sources. Unknown keys are left to the control plane, but for those of the controller itself.
 *
 * @throws {KumaError} `KUMA-CTL-001` naming the key or variable, `-002` taints, or pods to delete, without a CNI app.
 */
export function loadSettings(
  document: SettingsDocument | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedSettings {
  const loaded = load(SETTINGS, CONTROLLER_LOAD, document, environment);
  const { taintEnabled, cniEnabled, repair, cniApp } = loaded.settings;
  // Kuma 2.9 starts without, waits for pods whose label is empty, and taints every node for good. A repair would
  // never know whether a new pod is better off, and delete none.
  if ((taintEnabled || cniEnabled && repair === "delete") && cniApp === "") {
    throw new KumaError("KUMA-CTL-002", `${SETTINGS.cniApp.key} is empty`, {
      hint: `set ${SETTINGS.cniApp.env} to the label 'app' of the CNI's pods`,
    });
  }
  const { leaseDuration, renewDeadline } = loaded.settings;
  const renewal = parseGoDuration(renewDeadline);
  if (parseGoDuration(leaseDuration) <= renewal || renewal <= RETRY_NS) {
    throw new KumaError(
      "KUMA-CTL-001",
      `${SETTINGS.leaseDuration.key} is ${leaseDuration} and ${SETTINGS.renewDeadline.key} ${renewDeadline}`,
      { hint: "a Lease must last longer than its renewal may take, and that more than 2s" },
    );
  }
  return loaded;
}

/** Pause between two tries to renew, in nanoseconds; client-go's. */
const RETRY_NS = 2_000_000_000n;
