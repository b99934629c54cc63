/**
 * The result of ADD. The plugin changes nothing about interfaces and addresses, so in a chain it prints
 * what the plugin before it gave, to the last digit; alone it prints an empty result.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { NetConf } from "./net_conf.ts";
import { isAtLeast } from "./spec_version.ts";

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
  const { prevResult } = parseWithSource(text, keepNumber) as {
    prevResult: unknown;
  };
  if (
    typeof prevResult !== "object" || prevResult === null ||
    Array.isArray(prevResult)
  ) {
    throw new KumaError("KUMA-CNI-003", '"prevResult" is not a JSON object');
  }
  // libcni sends the version within; where another runtime does not, or sends its own, the
  // configuration's is what the caller reads the answer by.
  return print({ ...prevResult, cniVersion: conf.cniVersion });
}

/** `JSON.parse` with the third argument of its reviver, which TypeScript's library does not know yet. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (
    key: string,
    value: unknown,
    context: { source?: string },
  ) => unknown,
) => unknown;

/** Numbers as they were written: 64-bit ones do not survive a double. */
function keepNumber(
  _key: string,
  value: unknown,
  context: { source?: string },
): unknown {
  const rawJSON = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;
  if (
    typeof value !== "number" || context.source === undefined ||
    rawJSON === undefined
  ) {
    return value;
  }
  return String(value) === context.source ? value : rawJSON(context.source);
}

function print(result: object): string {
  return JSON.stringify(result, null, 4);
}
