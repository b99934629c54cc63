import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { podConfiguration } from "./pod_configuration.ts";

const SIDECAR = { name: "kuma-sidecar", securityContext: { runAsUser: 5678 } };

function pod(
  annotations: Record<string, string>,
  init: Record<string, unknown> | undefined = undefined,
  sidecar: unknown = SIDECAR,
) {
  return {
    metadata: {
      ...{ namespace: "ns", name: "web", uid: "u" },
      annotations: { "kuma.io/sidecar-injected": "true", ...annotations },
    },
    spec: {
      containers: [{ name: "app" }, sidecar],
      initContainers: init === undefined ? [] : [{ name: "kuma-init", ...init }],
    },
  };
}

const COMMAND = ["/usr/bin/kumactl", "install", "transparent-proxy"];

async function intercepted(object: unknown, backend: "auto" | "nftables" = "auto") {
  const found = await podConfiguration(object, { firewallBackend: backend });
  assert.ok(found.by !== "none");
  return found;
}

Deno.test("a pod of kuma-cni: its annotations, the node's limits, the sidecar's real user", async () => {
  const found = await intercepted(
    pod(
      {
        "traffic.kuma.io/exclude-outbound-ports": "1234",
        "kuma.io/sidecar-uid": "5678",
        "kuma.io/transparent-proxying-ebpf": "No",
      },
      undefined,
      { name: "kuma-sidecar", securityContext: { runAsUser: 1337 } },
    ),
    "nftables",
  );
  assert.ok(found.by === "kuma-cni");
  const { config, provenance, warnings, ebpf } = found;
  assert.deepEqual(config.redirect.outbound.excludePorts, [1234]);
  assert.deepEqual(config.redirect.inbound.excludePorts, [9901, 9001]);
  assert.equal(config.kumaDPUser, "1337");
  assert.match(warnings.join(), /runs as user 1337, not as 5678/);
  assert.equal(ebpf, false, "a pod says no in each word that the injector takes");
  const source = (key: string) => provenance.get(key);
  assert.equal(
    source("redirect.outbound.excludePorts"),
    "annotation traffic.kuma.io/exclude-outbound-ports",
  );
  assert.match(
    source("redirect.inbound.excludePorts") ?? "",
    /^kuma-cni's, where .*exclude-inbound-ports is absent; kuma-cni's, where .*probe-proxy-port/,
  );
  assert.equal(source("kumaDPUser"), "runAsUser of container kuma-sidecar");
  assert.equal(source("firewallBackend"), "the node's");
  assert.equal(source("redirect.inbound.port"), undefined);
});

Deno.test("a pod of kuma-cni with a document: it, but for what a pod may not decide", async () => {
  const { config, provenance } = await intercepted(
    pod({
      "traffic.kuma.io/transparent-proxy-config":
        "redirect: { inbound: { port: 1 } }\ndryRun: true\nfirewallBackend: iptables\n",
    }),
    "nftables",
  );
  assert.deepEqual([config.redirect.inbound.port, config.dryRun], [1, false]);
  assert.equal(config.firewallBackend, "iptables");
  const document = "annotation traffic.kuma.io/transparent-proxy-config";
  assert.equal(provenance.get("redirect.inbound.port"), document);
  assert.match(provenance.get("dryRun") ?? "", /a pod does not decide it/);
});

Deno.test("a pod of kuma-init: its arguments as the program reads them, and what wrote them", async () => {
  const { by, config, provenance, warnings } = await intercepted(
    pod({ "traffic.kuma.io/exclude-inbound-ports": "22" }, {
      command: COMMAND,
      args: [
        ...["--exclude-inbound-ports=22,9001", "--redirect-outbound-port", "15999"],
        ...["--redirect-all-dns-traffic", "--kuma-dp-user=1", "--verbose"],
      ],
      env: [
        { name: "KUMA_TRANSPARENT_PROXY_REDIRECT_DNS_PORT", value: "53530" },
        { name: "INSTANCE_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      ],
    }),
  );
  assert.equal(by, "kuma-init");
  assert.deepEqual(config.redirect.inbound.excludePorts, [22, 9001]);
  assert.equal(config.redirect.outbound.port, 15999);
  assert.deepEqual([config.redirect.dns.enabled, config.redirect.dns.port], [true, 53530]);
  assert.equal(
    provenance.get("redirect.inbound.excludePorts"),
    "--exclude-inbound-ports of kuma-init; annotation traffic.kuma.io/exclude-inbound-ports",
  );
  assert.match(provenance.get("redirect.dns.port") ?? "", /^KUMA_\w+ of kuma-init$/);
  assert.match(warnings.join(), /runs as user 5678, but 1 is exempted/);
});

Deno.test("kuma-init with a document", async () => {
  const { config, provenance } = await intercepted(
    pod({}, { command: COMMAND, args: ["--config", "dropInvalidPackets: true\n"] }),
  );
  assert.equal(config.dropInvalidPackets, true);
  assert.equal(provenance.get("dropInvalidPackets"), "--config of kuma-init");
});

Deno.test("a pod outside the mesh is intercepted by nobody, and the reason is said", async () => {
  const found = await podConfiguration(pod({}, undefined, { name: "other" }));
  assert.deepEqual(found, { by: "none", reason: "it has no container kuma-sidecar" });
});

Deno.test("what cannot be read is refused, and nothing made up", async () => {
  const cases: [unknown, string, RegExp][] = [
    [{}, "KUMA-TP-030", /not a pod/],
    [pod({}, { command: ["sleep"], args: ["1"] }), "KUMA-TP-030", /does not run/],
    [pod({}, { command: COMMAND, args: ["--config-file=/x"] }), "KUMA-TP-030", /file of its own/],
    [pod({}, { command: COMMAND, args: ["--redirect-dns-port=x"] }), "KUMA-TP-001", /kuma-init: /],
    [pod({ "kuma.io/gateway": "maybe" }), "KUMA-TP-022", /gateway/],
  ];
  for (const [object, code, message] of cases) {
    await assert.rejects(podConfiguration(object), (thrown) => {
      assert.ok(thrown instanceof KumaError);
      assert.equal(thrown.code, code);
      assert.match(thrown.message, message);
      return true;
    });
  }
});
