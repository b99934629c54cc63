/**
 * What is wrong with the spec of a Dataplane, as far as it can be told from the object alone.
 *
 * @module
 */
import type { Problem } from "core/patch/container_patch.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { addressFamily } from "core/grammar/address.ts";
import { isFilled, Problems, shown } from "./problems.ts";
import { checkTags, PROTOCOLS } from "./tag_rules.ts";

const BACKEND_KINDS: readonly Json[] = [
  "MeshService",
  "MeshExternalService",
  "MeshMultiZoneService",
];

/** Everything that is wrong, by field; fields that are not known are left to Kuma. */
export function dataplaneProblems(value: Json | undefined): readonly Problem[] {
  const problems = new Problems();
  const spec = problems.object(value, "spec");
  const networking = problems.object(spec.networking, "spec.networking");
  checkAddress(networking.address, problems);
  if (isObject(networking.gateway)) checkGateway(networking, networking.gateway, spec, problems);
  else checkInbounds(networking, problems);
  for (
    const [outbound, field] of problems.objects(networking.outbound, "spec.networking.outbound")
  ) {
    problems.port(outbound.port, `${field}.port`);
  }
  checkBackends(networking.transparentProxying, problems);
  checkProbes(spec.probes, problems);
  checkMetrics(spec.metrics, problems);
  return problems.list;
}

function checkAddress(address: Json | undefined, problems: Problems): void {
  const field = "spec.networking.address";
  if (typeof address !== "string" || address === "") problems.add(field, "cannot be empty");
  else if (address === "0.0.0.0" || address === "::") {
    problems.add(field, `${address} is no address of one proxy`);
  } else if (addressFamily(address) === undefined && !isDnsName(address)) {
    problems.add(field, `${shown(address)} is neither an IP address nor a DNS name`);
  }
}

/** Digits and dots alone are a mistyped address. */
function isDnsName(text: string): boolean {
  return text.length <= 253 && !/^[0-9.]+$/.test(text) &&
    /^[a-z0-9]([-a-z0-9_]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9_]*[a-z0-9])?)*\.?$/i.test(text);
}

function checkInbounds({ inbound }: JsonObject, problems: Problems): void {
  const field = "spec.networking";
  if (!isFilled(inbound)) return problems.add(field, "must have inbounds or a gateway");
  for (const [one, at] of problems.objects(inbound, `${field}.inbound`)) {
    problems.port(one.port, `${at}.port`);
    // Zero stands for the inbound's own port.
    const { servicePort = 0 } = one;
    if (servicePort !== 0) problems.port(servicePort, `${at}.servicePort`);
    checkTags(one.tags, `${at}.tags`, PROTOCOLS, problems);
  }
}

function checkGateway(
  { inbound, outbound }: JsonObject,
  gateway: JsonObject,
  { probes }: JsonObject,
  problems: Problems,
): void {
  const field = "spec.networking.gateway";
  if (isFilled(inbound)) problems.add("spec.networking.inbound", "a gateway has no inbounds");
  // Words of the enumeration, or its numbers.
  const builtin = gateway.type === "BUILTIN" || gateway.type === 1;
  if (builtin && isFilled(outbound)) {
    problems.add("spec.networking.outbound", "a builtin gateway has no outbounds");
  }
  if (builtin && isObject(probes)) problems.add("spec.probes", "a builtin gateway has no probes");
  checkTags(gateway.tags, `${field}.tags`, ["tcp"], problems);
}

function checkBackends(value: Json | undefined, problems: Problems): void {
  const at = "spec.networking.transparentProxying";
  const backends = problems.object(
    problems.object(value, at).reachableBackends,
    `${at}.reachableBackends`,
  );
  for (const [ref, field] of problems.objects(backends.refs, `${at}.reachableBackends.refs`)) {
    const has = (name: string) => {
      const member = ref[name];
      return isObject(member) ? Object.keys(member).length > 0 : Boolean(member);
    };
    if (!BACKEND_KINDS.includes(ref.kind ?? "")) {
      problems.add(`${field}.kind`, `must be one of ${BACKEND_KINDS.join(", ")}`);
    }
    if (!has("name") && !has("namespace") && !has("labels")) {
      problems.add(field, "must have a name or labels");
    } else if (has("labels") && (has("name") || has("namespace"))) {
      problems.add(field, "must not have labels beside a name or namespace");
    } else if (has("namespace") && !has("name")) {
      problems.add(`${field}.name`, "must be there beside a namespace");
    }
  }
}

function checkProbes(value: Json | undefined, problems: Problems): void {
  if (!isObject(value)) return;
  problems.port(value.port, "spec.probes.port");
  for (const [endpoint, field] of problems.objects(value.endpoints, "spec.probes.endpoints")) {
    problems.port(endpoint.inboundPort, `${field}.inboundPort`);
    problems.path(endpoint.inboundPath, `${field}.inboundPath`);
    problems.path(endpoint.path, `${field}.path`);
  }
}

function checkMetrics(value: Json | undefined, problems: Problems): void {
  const conf = problems.object(
    problems.object(value, "spec.metrics").conf,
    "spec.metrics.conf",
  );
  const seen = new Set<Json | undefined>();
  for (const [{ name }, field] of problems.objects(conf.aggregate, "spec.metrics.conf.aggregate")) {
    if (seen.has(name)) problems.add(`${field}.name`, `${shown(name)} is there already`);
    seen.add(name);
  }
}
