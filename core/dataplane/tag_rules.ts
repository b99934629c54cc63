/**
 * The grammar of a Dataplane's tags.
 *
 * @module
 */
import { TAGS } from "core/kube/annotations.ts";
import { type Json, own } from "core/patch/json.ts";
import { type Problems, shown } from "./problems.ts";

/** Protocols that Kuma knows, in small letters. */
export const PROTOCOLS: readonly string[] = ["grpc", "http", "http2", "kafka", "tcp", "tls"];

/** Checks the tags of an inbound or a gateway. */
export function checkTags(
  value: Json | undefined,
  field: string,
  protocols: readonly string[],
  problems: Problems,
): void {
  const tags = problems.object(value, field);
  if (own(tags, TAGS.service) === undefined) {
    problems.add(`${field}["${TAGS.service}"]`, "must be there");
  }
  for (const [key, tag] of Object.entries(tags)) {
    const at = `${field}[${JSON.stringify(key.slice(0, 80))}]`;
    if (!/^[A-Za-z0-9._:/-]+$/.test(key)) {
      problems.add(at, "a tag's name may have letters, digits and . - _ : / only");
    }
    if (typeof tag !== "string" || !/^[A-Za-z0-9._:-]+$/.test(tag)) {
      problems.add(
        at,
        "a tag's value must have letters, digits and . - _ : only, and at least one",
      );
    } else if (key === TAGS.protocol && !protocols.includes(tag.toLowerCase())) {
      problems.add(at, `value ${shown(tag)} is not valid. Allowed values: ${protocols.join(", ")}`);
    }
  }
}
