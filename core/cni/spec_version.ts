/**
 * The versions of the CNI specification that kuma-cni speaks.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** The versions, oldest first. */
export const SUPPORTED_VERSIONS = [
  "0.1.0",
  "0.2.0",
  "0.3.0",
  "0.3.1",
  "0.4.0",
  "1.0.0",
  "1.1.0",
] as const;

/** One of {@linkcode SUPPORTED_VERSIONS}. */
export type SpecVersion = typeof SUPPORTED_VERSIONS[number];

/** The newest version: what VERSION answers, whatever was asked (as the field's Go library does). */
export const LATEST_VERSION: SpecVersion = "1.1.0";

/**
 * The version that a configuration names; an empty or missing one means 0.1.0.
 *
 * @throws {KumaError} `KUMA-CNI-004` it is none of ours.
 */
export function parseSpecVersion(text: string): SpecVersion {
  if (text === "") return "0.1.0";
  const known = SUPPORTED_VERSIONS.find((version) => version === text);
  if (known !== undefined) return known;
  throw new KumaError(
    "KUMA-CNI-004",
    `incompatible CNI versions: the configuration says ${JSON.stringify(text.slice(0, 40))}, ` +
      `kuma-cni supports ${SUPPORTED_VERSIONS.join(", ")}`,
  );
}

/** Whether `version` is `least` or newer. */
export function isAtLeast(version: SpecVersion, least: SpecVersion): boolean {
  return SUPPORTED_VERSIONS.indexOf(version) >=
    SUPPORTED_VERSIONS.indexOf(least);
}

/**
 * Refuses a command that the configuration's version does not have.
 *
 * @throws {KumaError} `KUMA-CNI-004`.
 */
export function requireVersion(
  command: string,
  version: SpecVersion,
  least: SpecVersion,
): void {
  if (isAtLeast(version, least)) return;
  throw new KumaError(
    "KUMA-CNI-004",
    `config version "${version}" does not allow ${command}: it exists since ${least}`,
  );
}
