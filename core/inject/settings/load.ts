/**
 * Reads the webhook's settings: the control plane's YAML document, the environment over it, defaults below
 * both.
 *
 * @module
 */
import type { LoadedSettings as Loaded, SettingsDocument } from "core/settings/load.ts";
import { loadSettings as load } from "core/settings/load.ts";
import { SETTINGS } from "./table.ts";

export type { SettingsDocument };

/** The webhook's settings, where each value comes from, and what a person should know. */
export type LoadedSettings = Loaded<typeof SETTINGS>;

const ROOT = "runtime.kubernetes.injector";

/** Settings that Kuma knows below the injector and that mean nothing to injection. */
const KNOWN_ELSEWHERE = [
  "sidecarContainer.adminPort",
  "ignoredServiceSelectorLabels",
  "nodeLabelsToCopy",
].map((key) => `${ROOT}.${key}`);

/**
 * Merges the sources. Unknown keys are left to the control plane; below `runtime.kubernetes.injector`
 * they are warned about. Throws `KUMA-WH-001` naming the key or variable.
 */
export function loadSettings(
  document: SettingsDocument | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): LoadedSettings {
  const options = {
    code: "KUMA-WH-001",
    root: ROOT,
    knownElsewhere: KNOWN_ELSEWHERE,
    reader: "the webhook",
  } as const;
  return load(SETTINGS, options, document, environment);
}
