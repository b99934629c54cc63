/**
 * Pods written to do harm: whatever their annotations say, nothing of it reaches a variable, an argument
 * or a host path except in the form that its grammar gives it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { parse } from "yaml";
import { KumaError } from "core/errors.ts";
import { ANNOTATIONS, REMOVED_ANNOTATIONS } from "core/kube/annotations.ts";
import { silentLogger } from "core/log/logger.ts";
import { isObject, type Json, jsonCopy, type JsonObject } from "core/patch/json.ts";
import { injectSidecar } from "../../webhook/admission/inject_sidecar.ts";
import { readReview, reviewOf } from "../../webhook/admission/review.ts";
import { injectPod } from "./inject.ts";
import { viewPod } from "./pod.ts";
import { contextOf } from "./testing/cases_context.ts";
import type { InjectionCase } from "./testing/cases_model.ts";
import { runs } from "tests/support/property.ts";

const names = [...Object.values(ANNOTATIONS), ...REMOVED_ANNOTATIONS];

/** Texts that mean something to a shell, to YAML, to the kubelet or to one of our grammars. */
const fragment = fc.constantFrom(
  ..."80 443 0 1-5 65536 tcp udp : ; , * = - -- --dry-run $(HOME) ${HOME} $$ ` ' \" # & | > { } [ ] ! %"
    .split(" "),
  ..."enabled true no ipv4 dualstack 30s 1h eth0 /sys /../etc 10.0.0.0/8 fd00::/8 A=b POD_NAME=x"
    .split(" "),
  " ",
  "\n",
  "\t",
  "\u0000",
  "\u2028",
  "redirect: {outbound: {enabled: false}}",
  "verbose: true",
);
/** Right for some annotation, in another form than it is written out. */
const good = fc.constantFrom(
  "1h",
  "+90s",
  "0900",
  "enabled",
  " 80 ,443",
  "10.0.0.0/8,",
  "tcp:443:1",
);
const hostile = fc.oneof(
  good,
  fragment,
  fc.array(fragment, { maxLength: 6 }).map((parts) => parts.join("")),
  fc.string({ unit: anyCharacter, maxLength: 30 }),
);
const annotations = fc.dictionary(fc.constantFrom(...names), hostile, { maxKeys: 4 });

/** Arguments of kuma-init and kuma-sidecar. */
const ARGUMENT = new RegExp(
  `^(${
    [
      "run",
      "--log-level=info",
      "--concurrency=[1-9][0-9]{0,9}",
      "--ip-family-mode=ipv4",
      "--redirect-inbound=false",
      "--redirect-dns-port=[1-9][0-9]{0,4}",
      "--exclude-(in|out)bound-ports=0*[1-9][0-9]{0,4}(,0*[1-9][0-9]{0,4})*",
      "--exclude-(in|out)bound-ips=[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*",
      "--exclude-outbound-ports-for-uids=[a-z0-9:,* -]+",
      "--(redirect-all-dns-traffic|drop-invalid-packets|iptables-logs|verbose|ebpf-enabled)",
      "--ebpf-(bpffs|cgroup|programs-source)-path=/[^\\s:$]*",
      "--ebpf-tc-attach-iface=[A-Za-z0-9_.@-]{1,15}",
      "--ebpf-instance-ip=\\$\\([A-Za-z_][A-Za-z0-9_]*\\)",
    ].join("|")
  })$`,
);

const NUMBER = /^[0-9]{1,5}$/;
/** Variables of kuma-sidecar whose value comes from an annotation; the others are fixed here. */
const VARIABLES: Readonly<Record<string, RegExp>> = {
  KUMA_APPLICATION_PROBE_PROXY_PORT: NUMBER,
  KUMA_CONTROL_PLANE_URL: /^https:\/\/kuma-control-plane\.kuma-system:5678$/,
  KUMA_DATAPLANE_DRAIN_TIME: /^([0-9]+h)?([0-9]+m)?[0-9]+(\.[0-9]+)?([mµn]?s)$/,
  KUMA_DATAPLANE_MESH: /^(default|blue)$/,
  KUMA_DATAPLANE_RUNTIME_TOKEN_PATH: /^\/var\/run\/secrets\/kubernetes\.io\/serviceaccount\/token$/,
  KUMA_DNS_CORE_DNS_BINARY_PATH: /^coredns$/,
  KUMA_DNS_CORE_DNS_PORT: NUMBER,
  KUMA_DNS_ENABLED: /^(true|false)$/,
  KUMA_DNS_ENABLE_LOGGING: /^(true|false)$/,
  KUMA_DNS_ENVOY_DNS_PORT: NUMBER,
  // Kuma passes these on as they are.
  KUMA_DATAPLANE_RUNTIME_ENVOY_LOG_LEVEL: /^[^]*$/,
  KUMA_DATAPLANE_RUNTIME_ENVOY_COMPONENT_LOG_LEVEL: /^[^]*$/,
};

function podWith(own: Record<string, string>): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "demo", namespace: "app-ns", labels: { app: "a" }, annotations: own },
    spec: { containers: [{ name: "app", image: "i" }], volumes: [{ name: "80", emptyDir: {} }] },
  };
}

const drawn = (injector: JsonObject, more: Partial<InjectionCase> = {}): InjectionCase => ({
  name: "drawn",
  file: "",
  injector,
  ...more,
});

/** The injected pod, or `undefined` for one left alone and for a denial, which must be one short line. */
async function injected(own: Record<string, string>, one: InjectionCase) {
  try {
    const result = await injectPod(viewPod(podWith(own), "app-ns"), contextOf(one));
    return result.injected ? result.pod : undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof KumaError, String(thrown));
    assert.match(thrown.code, /^KUMA-WH-0[01][0-9]$/);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(thrown.line, /[\n\r\u0000\u2028]/);
    assert.ok(thrown.line.length < 600, thrown.line);
    return undefined;
  }
}

const containersOf = (pod: JsonObject): JsonObject[] => {
  const { containers, initContainers } = pod.spec as Record<string, JsonObject[]>;
  return [...containers ?? [], ...initContainers ?? []].filter((one) =>
    String(one.name).startsWith("kuma-")
  );
};

/** Pairs of the annotation, read here once more: any name before the first `=`. */
function ownVariables(own: Record<string, string>): Map<string, string> {
  const text = own[ANNOTATIONS.sidecarEnvVars];
  const pairs = text === undefined ? [] : text.split(";");
  return new Map(pairs.map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [name, value.join("=")];
  }));
}

function checkVariables(container: JsonObject, own: Record<string, string>): void {
  const asked = ownVariables(own);
  for (const { name, value, valueFrom } of (container.env ?? []) as JsonObject[]) {
    const text = String(value ?? "");
    if (container.name === "kuma-sidecar" && asked.has(String(name))) {
      assert.equal(text, asked.get(String(name)));
    } else if (valueFrom !== undefined) {
      assert.match(String(name), /^[A-Za-z_][A-Za-z0-9_]*$/);
    } else if (text !== "") {
      const grammar = container.name === "kuma-init"
        ? /^\/tmp\/xtables\.lock$/
        : VARIABLES[`${name}`];
      assert.ok(grammar?.test(text), `${name}=${JSON.stringify(text)}`);
    }
  }
}

/** What our containers may do at the most, unless the operator switched the eBPF mode on. */
function checkRights({ name, securityContext }: JsonObject): void {
  if (!["kuma-sidecar", "kuma-init", "kuma-validation"].includes(String(name))) return;
  const { privileged, capabilities, allowPrivilegeEscalation } = securityContext as JsonObject;
  assert.equal(privileged, undefined);
  assert.notEqual(allowPrivilegeEscalation, true);
  const add = name === "kuma-init" ? { add: ["NET_ADMIN", "NET_RAW"] } : {};
  assert.deepEqual(capabilities, { ...add, drop: ["ALL"] });
}

Deno.test("no annotation ends in an argument, variable or host path but in its grammar's form", async () => {
  let taken = 0;
  const settings = fc.record({ ebpf: fc.record({ enabled: fc.boolean() }) });
  await fc.assert(
    fc.asyncProperty(annotations, settings, async (own, injector) => {
      const pod = await injected(own, drawn(injector));
      if (pod === undefined) return;
      taken++;
      for (const container of containersOf(pod)) {
        for (const argument of (container.args ?? []) as string[]) assert.match(argument, ARGUMENT);
        checkVariables(container, own);
        if (!injector.ebpf.enabled) checkRights(container);
        for (const { mountPath } of container.volumeMounts as JsonObject[]) {
          assert.match(String(mountPath), /^(?!.*\/\.\.(\/|$))\/[^\s:$]*$/);
        }
      }
      for (const { hostPath } of (pod.spec as { volumes: JsonObject[] }).volumes) {
        if (!isObject(hostPath)) continue;
        assert.ok(injector.ebpf.enabled, "only the operator mounts a folder of the node");
        assert.match(String(hostPath.path), /^\/sys\/fs\/(bpf|cgroup)$/);
      }
    }),
    runs(4000),
  );
  assert.ok(taken > runs(4000).numRuns / 10, `only ${taken} pods were injected`);
});

Deno.test("no annotation changes more of the document than its own field", async () => {
  const configMaps = {
    "kuma-system/tproxy": { "config.yaml": "redirect: {dns: {enabled: true}}" },
  };
  const one = drawn({ transparentProxyConfigMap: "tproxy" }, { configMaps });
  const plain = await injected({}, one);
  const documentIn = (pod: JsonObject) => {
    const init = containersOf(pod).find((container) => container.name === "kuma-init");
    const args = init?.args as string[];
    assert.equal(args.length, 2);
    assert.equal(args[0], "--config");
    return parse(args[1] ?? "") as JsonObject;
  };
  const expected = documentIn(plain as JsonObject);
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(annotations, async (own) => {
      const pod = await injected(own, one);
      if (pod === undefined) return;
      taken++;
      const document = documentIn(pod) as Record<string, JsonObject>;
      // What annotations may decide is taken out on both sides; the rest must be the same.
      const rest = (whole: JsonObject) => {
        const { ipFamilyMode, dropInvalidPackets, log, ebpf, redirect, ...others } = jsonCopy(
          whole,
        );
        const { inbound, outbound, dns } = redirect as Record<string, JsonObject>;
        return {
          ...others,
          captures: [dns?.enabled, dns?.captureAll, outbound?.enabled, outbound?.port],
          types: [ipFamilyMode, dropInvalidPackets ?? true, log ?? {}, ebpf ?? {}, inbound]
            .map((value) => typeof value),
        };
      };
      assert.deepEqual(rest(document), rest(expected));
    }),
    runs(1500),
  );
  assert.ok(taken > runs(1500).numRuns / 10, `only ${taken} pods were injected`);
});

/** The answer to a request as it comes over the wire. */
async function answer(object: string, one: InjectionCase): Promise<JsonObject> {
  const request = readReview(
    `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1",` +
      `"operation":"CREATE","namespace":"app-ns","kind":{"kind":"Pod"},"object":${object}}}`,
  );
  const verdict = await injectSidecar(request, contextOf(one), silentLogger);
  return JSON.parse(reviewOf("1", verdict)).response;
}

Deno.test("a field that nests deeper than the stack is passed over", async () => {
  const deep = "[".repeat(300_000) + "]".repeat(300_000);
  const pod = (field: string) =>
    `{"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a"${field}}]${field}}}`;
  const kept = await answer(pod(`,"later":${deep}`), drawn({}));
  assert.equal(kept.allowed, true);
  const patch = new TextDecoder().decode(Uint8Array.fromBase64(String(kept.patch)));
  assert.doesNotMatch(patch, /later/);
  for (
    const odd of [`{"kind":${deep}}`, `{"kind":"Pod","spec":{"containers":${deep}}}`, deep]
  ) {
    const refused = await answer(odd, drawn({}));
    assert.equal(refused.allowed, false);
    assert.match(JSON.stringify(refused.status), /"code":400/);
  }
});

Deno.test("what one pod became has nothing in common with what the next becomes", async () => {
  const patches = {
    p: { sidecarPatch: [{ op: "add", path: "/lifecycle/postStart", value: '{"exec": {}}' }] },
  };
  for (const containerPatches of [[], ["p"]]) {
    const context = contextOf(drawn({ ebpf: { enabled: true }, containerPatches }, {
      settings: { experimental: { sidecarContainers: true } },
      patches,
    }));
    const inject = async () => (await injectPod(viewPod(podWith({}), "app-ns"), context)).pod;
    const before = JSON.stringify(await inject());
    smash(await inject());
    assert.equal(JSON.stringify(await inject()), before);
  }
});

function smash(value: Json): void {
  if (typeof value !== "object" || value === null) return;
  Object.values(value).forEach(smash);
  if (Array.isArray(value)) value.length = 0;
  else for (const key of Object.keys(value)) delete value[key];
}
