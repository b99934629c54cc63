/**
 * The result of ADD. The plugin changes nothing about interfaces and addresses, so in a chain it prints
 * what the plugin before it gave, byte for byte; alone it prints an empty result.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { objectMembers } from "./json_members.ts";
import type { NetConf } from "./net_conf.ts";
import { isAtLeast, type SpecVersion } from "./spec_version.ts";

/**
 * The text to print.
 *
 * @param conf The configuration that was read from `text`.
 * @throws {KumaError} `KUMA-CNI-003` `prevResult` is no object; or there is none and the version is older
 *   than 0.3.0, in which a result without addresses does not exist.
 */
export function addResult(conf: NetConf, text: string): string {
  if (conf.hasPrevResult) return previousResult(conf, text);
  if (isAtLeast(conf.cniVersion, "1.0.0")) {
    return print({ cniVersion: conf.cniVersion });
  }
  if (isAtLeast(conf.cniVersion, "0.3.0")) {
    return print({ cniVersion: conf.cniVersion, dns: {} });
  }
  throw new KumaError(
    "KUMA-CNI-003",
    `without "prevResult" there is no result in cniVersion ${conf.cniVersion}`,
    { hint: 'set "cniVersion" to 0.3.0 or newer' },
  );
}

function previousResult(conf: NetConf, text: string): string {
  // The last one, where the key is doubled: that is the one which every reader takes.
  const span = objectMembers(text).findLast(({ key }) => key === "prevResult");
  const result = span === undefined ? "" : text.slice(span.start, span.end);
  if (!result.startsWith("{")) {
    throw new KumaError("KUMA-CNI-003", '"prevResult" is not a JSON object');
  }
  return withVersion(result, conf.cniVersion);
}

/**
 * libcni sends the version within; where another runtime does not, or sends its own, the configuration's
 * is what the caller reads the answer by.
 */
function withVersion(result: string, version: SpecVersion): string {
  const members = objectMembers(result);
  const named = members.findLast(({ key }) => key === "cniVersion");
  const value = JSON.stringify(version);
  if (named !== undefined) {
    return result.slice(0, named.start) + value + result.slice(named.end);
  }
  return `{"cniVersion":${value}${members.length === 0 ? "" : ","}${result.slice(1)}`;
}

function print(result: object): string {
  return JSON.stringify(result, null, 4);
}
