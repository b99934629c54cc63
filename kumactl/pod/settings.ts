/**
 * The settings of injector and controller that decide about a pod, from what is deployed or from a document.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { CONTROLLER_LOAD, DATAPLANE_SETTINGS } from "core/dataplane/settings.ts";
import type { DeployedSettings } from "core/inject/explain/deployed_settings.ts";
import { type LoadedSettings, loadSettings } from "core/inject/settings/load.ts";
import { loadSettings as load, type SettingsDocument } from "core/settings/load.ts";
import type { PodSubject } from "./subject.ts";

/** The settings, and what was taken for granted. */
export interface PodSettings {
  readonly parts: Pick<PodSubject, "injector" | "dataplaneSettings">;
  readonly assumed: readonly string[];
}

/** Of what is deployed; where it cannot be used, the default settings. */
export function settingsFrom(
  { document, environment, assumptions }: DeployedSettings,
): PodSettings {
  try {
    return { parts: partsOf(document, environment), assumed: assumptions };
  } catch (thrown) {
    const why = `the control plane has the default settings, since its own cannot be used: ${
      errorText(thrown)
    }`;
    return { parts: partsOf(undefined, {}), assumed: [...assumptions, why] };
  }
}

type Environment = Readonly<Record<string, string>>;

function partsOf(document: SettingsDocument | undefined, environment: Environment) {
  return {
    injector: loadSettings(document, environment).settings,
    dataplaneSettings: dataplaneSettings(document, environment),
  };
}

/**
 * Those of a Dataplane.
 *
 * @throws {KumaError} `KUMA-CTL-001` names the key that cannot be read
 */
function dataplaneSettings(
  document: SettingsDocument | undefined,
  environment: Environment,
): PodSubject["dataplaneSettings"] {
  return load(DATAPLANE_SETTINGS, CONTROLLER_LOAD, document, environment).settings;
}

/** Of a document alone, as a person gives it with a file. */
export function settingsOfDocument(
  document: SettingsDocument | undefined,
): { injector: LoadedSettings; dataplaneSettings: PodSubject["dataplaneSettings"] } {
  return {
    injector: loadSettings(document, {}),
    dataplaneSettings: dataplaneSettings(document, {}),
  };
}
