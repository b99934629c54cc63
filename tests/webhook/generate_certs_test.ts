/**
 * Certificates that the webhook makes itself: shared by replicas, written where API servers look, renewed.
 */
import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { describeCertificate } from "../../webhook/certificates/issue.ts";
import { secretSource } from "../../webhook/certificates/secret.ts";
import {
  clusterRules,
  mutatingConfiguration,
  namespaceRules,
  secretRules,
  validatingConfiguration,
} from "../../webhook/manifests.ts";
import { pairs, without } from "./rules.ts";
import { startApiServer, type TestCluster } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { adminConnection, furnishKuma, tokenConnection } from "./test_webhook.ts";

const test = requires("etcd");
const AT = { namespace: "kuma-system", service: "kuma-webhook" };
const MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const SECRET = "/api/v1/namespaces/kuma-system/secrets/kuma-webhook-tls";
const DAY = 86_400_000;

async function decoded(cluster: TestCluster, key: string): Promise<string> {
  const { data } = await cluster.request<{ data: Record<string, string> }>("GET", SECRET);
  return new TextDecoder().decode(Uint8Array.fromBase64(data[key] ?? ""));
}

/** The CA bundles of all entries of the configuration. */
async function bundles(cluster: TestCluster): Promise<string[]> {
  const { metadata } = mutatingConfiguration(AT) as { metadata: { name: string } };
  const stored = await cluster.request<JsonObject>("GET", `${MUTATING}/${metadata.name}`);
  return (stored.webhooks as JsonObject[]).map(({ clientConfig }) => {
    const bundle = isObject(clientConfig) ? clientConfig.caBundle : undefined;
    return typeof bundle === "string"
      ? new TextDecoder().decode(Uint8Array.fromBase64(bundle))
      : "";
  });
}

async function handshake(port: number, ca: string): Promise<void> {
  const plain = await Deno.connect({ hostname: "127.0.0.1", port });
  using tls = await Deno.startTls(plain, {
    hostname: "kuma-webhook.kuma-system.svc",
    caCerts: [ca],
  });
  await tls.handshake();
}

test("two replicas that start at once share one certificate, with the permissions given", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await cluster.request("POST", MUTATING, mutatingConfiguration(AT));
  const token = await cluster.createServiceAccountToken("kuma-system", "webhook");
  const subject = { serviceAccount: "kuma-system/webhook" };
  const own = [...namespaceRules(), ...secretRules("kuma-webhook-tls")];
  await cluster.grant("webhook", clusterRules({ generateCerts: true }), subject);
  await cluster.grant("webhook", own, subject, "kuma-system");
  const args = ["--generate-certs", "--service", "kuma-webhook", "--drain-time", "0"];
  const programs = await Promise.all([0, 1].map(() => Program.start(cluster, { token, args })));
  await using one = programs[0] as Program;
  await using two = programs[1] as Program;
  await waitUntil(
    "every entry trusts the CA",
    async () => (await bundles(cluster)).every((bundle) => bundle.includes("BEGIN CERTIFICATE")),
  );
  const [bundle = "", other = ""] = await bundles(cluster);
  assert.equal(bundle, other);
  assert.equal(bundle, await decoded(cluster, "ca.crt"));
  for (const { port } of [one, two]) {
    await waitUntil("it listens with a certificate of that CA", async () => {
      try {
        await handshake(port, bundle);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return false;
        throw error;
      }
    });
  }
  for (const program of [one, two]) {
    const { code, log } = await program.end();
    assert.equal(code, 0, log);
    assert.doesNotMatch(log, /PRIVATE KEY/, "no key in a log");
  }
});

test("certificates are renewed before they end, and API servers trust both CAs meanwhile", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  await cluster.request("POST", MUTATING, mutatingConfiguration(AT));
  using connection = adminConnection(cluster);
  const start = Date.now();
  let now = start;
  const source = secretSource({
    ...AT,
    connection,
    secret: "kuma-webhook-tls",
    log: silentLogger,
    now: () => new Date(now),
  });
  const first = await source.current();
  const ca = await decoded(cluster, "ca.crt");
  assert.deepEqual(describeCertificate(first.certificate).names, [
    "kuma-webhook.kuma-system.svc",
    "kuma-webhook.kuma-system",
    "kuma-webhook.kuma-system.svc.cluster.local",
  ]);
  assert.deepEqual(await source.current(), first, "nothing is due");

  now = start + 300 * DAY;
  const second = await source.current();
  assert.notEqual(second.certificate, first.certificate);
  assert.ok(describeCertificate(second.certificate).notAfter.getTime() > now + 300 * DAY);
  assert.equal(await decoded(cluster, "ca.crt"), ca, "the CA stays");

  now = start + 3000 * DAY;
  const third = await source.current();
  assert.notEqual(third.certificate, second.certificate);
  const both = await decoded(cluster, "ca.crt");
  assert.equal(both.match(/BEGIN CERTIFICATE/g)?.length, 2);
  assert.ok(both.endsWith(ca), "the old CA is still trusted");
  for (const bundle of await bundles(cluster)) assert.equal(bundle, both);
});

test("five replicas that renew at once agree", async () => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  using connection = adminConnection(cluster);
  const source = () =>
    secretSource({ ...AT, connection, secret: "kuma-webhook-tls", log: silentLogger });
  const pairs = await Promise.all(Array.from({ length: 5 }, () => source().current()));
  for (const pair of pairs) assert.deepEqual(pair, pairs[0]);
});

test("each right about Secrets and configurations is needed, and reaches no other object", async (t) => {
  await using cluster = await startApiServer();
  await furnishKuma(cluster);
  const { metadata } = await cluster.request("POST", MUTATING, mutatingConfiguration(AT));
  await cluster.request(
    "POST",
    MUTATING.replace("mutating", "validating"),
    validatingConfiguration(AT),
  );
  const configuration = `${MUTATING}/${metadata?.name}`;
  const subject = { serviceAccount: "kuma-system/webhook" };
  const token = await cluster.createServiceAccountToken("kuma-system", "webhook");
  using connection = tokenConnection(cluster, token);
  const own = secretRules("kuma-webhook-tls");
  const configurations = clusterRules({ generateCerts: true })
    .filter(({ apiGroups }) => apiGroups.includes("admissionregistration.k8s.io"));
  const grant = async (secrets: typeof own, others: typeof own) => {
    await cluster.grant("webhook", others, subject);
    await cluster.grant("webhook", secrets, subject, "kuma-system");
  };
  /** A certificate is made, then found broken and made again; both times the CA is written. */
  const round = async () => {
    await cluster.fetch("DELETE", SECRET).then((answer) => answer.body?.cancel());
    const options = { ...AT, connection, secret: "kuma-webhook-tls", log: silentLogger };
    await secretSource(options).current();
    await cluster.request("PATCH", SECRET, { data: { "tls.crt": "" } }, {
      contentType: "application/merge-patch+json",
    });
    await secretSource(options).current();
  };
  await t.step("all of them do", async () => {
    await grant(own, configurations);
    await round();
  });
  await t.step("other Secrets and configurations are none of its business", async () => {
    await cluster.request("POST", SECRET.replace(/\/[^/]*$/, ""), {
      metadata: { name: "other" },
      data: {},
    });
    await cluster.request("POST", MUTATING, { metadata: { name: "other" }, webhooks: [] });
    for (
      const path of [
        SECRET.replace(/[^/]*$/, "other"),
        SECRET.replace(/\/[^/]*$/, ""),
        SECRET.replace("kuma-system", "default"),
        configuration.replace(/[^/]*$/, "other"),
        MUTATING,
      ]
    ) {
      await assert.rejects(() => connection.json(path), { status: 403 }, path);
    }
  });
  for (const [where, rules] of [["own", own], ["cluster", configurations]] as const) {
    for (const [at, rule] of rules.entries()) {
      for (const [resource, verb] of pairs(rule)) {
        await t.step(`without ${verb} ${resource} it does not`, async () => {
          const less = [
            ...rules.filter((_, other) => other !== at),
            ...without(rule, resource, verb),
          ];
          await grant(where === "own" ? less : own, where === "own" ? configurations : less);
          await assert.rejects(round, (thrown) => {
            assert.match(String(thrown), new RegExp(`cannot ${verb} resource .*${resource}`));
            return true;
          });
        });
      }
    }
  }
});
