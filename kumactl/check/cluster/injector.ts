/**
 * Whether the API server can ask the injector.
 *
 * @module
 */
import { CLUSTER_SECTIONS } from "core/check/cluster.ts";
import { failed, ok, type Outcome, unknown, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { valueOf } from "core/cluster/reader.ts";
import { isCalled } from "core/inject/called.ts";
import { LABELS } from "core/kube/annotations.ts";
import { certificatesOf, lasting, whyUntrusted } from "./certificate.ts";
import { tryPod } from "./dry_run.ts";
import { servingCertificate } from "./serving_certificate.ts";
import { type ClusterSubject, unread } from "./subject.ts";
import { injectorEntries } from "./webhook_facts.ts";

/** The section. */
export function injectorSection(subject: ClusterSubject): Section {
  return section("injector", CLUSTER_SECTIONS.injector, {
    "injector-configured": () => configured(subject),
    "injector-endpoints": () => endpoints(subject),
    "injector-ca": () => trusted(subject),
    "injector-certificate": () => timely(subject),
    "injector-answers": () => answers(subject),
  });
}

async function configured({ configuration }: ClusterSubject): Promise<Outcome> {
  const found = await configuration();
  if (found.is === "unreadable") return unread(found);
  if (found.is === "absent") return failed("there is no such MutatingWebhookConfiguration");
  const entries = injectorEntries(found.value);
  if (entries.length === 0) {
    return failed("it has no entry about pods (of a global control plane?)");
  }
  const unnamed = entries.filter(({ service }) => service === undefined);
  if (unnamed.length > 0) {
    return warning(unnamed.map(({ name }) => `${name} calls a URL and no Service of the cluster`));
  }
  const { namespace, name } = entries[0]?.service ?? { namespace: "", name: "" };
  return ok(`Service ${namespace}/${name}`);
}

async function endpoints(subject: ClusterSubject): Promise<Outcome | undefined> {
  const service = await subject.service();
  if (service === undefined) return undefined;
  const found = await subject.endpoints();
  if (found.is === "unreadable") return unread(found);
  const all = valueOf(found) ?? [];
  const ready = all.filter((one) => one).length;
  const of = `Service ${service.namespace}/${service.name}`;
  if (ready > 0) return ok(`${ready} of ${all.length}`);
  return failed(
    `${of} has ${all.length === 0 ? "no endpoints" : `${all.length}, and none is ready`}`,
  );
}

/** What both checks of the certificate look at. */
async function material(subject: ClusterSubject) {
  const [configuration, service] = [
    valueOf(await subject.configuration()),
    await subject.service(),
  ];
  if (configuration === undefined || service === undefined) return undefined;
  return {
    service,
    entries: injectorEntries(configuration),
    found: await servingCertificate(subject, service),
  };
}

async function trusted(subject: ClusterSubject): Promise<Outcome | undefined> {
  const all = await material(subject);
  if (all === undefined) return undefined;
  const { service, entries, found } = all;
  if (found.is !== "found") return found.outcome;
  const host = `${service.name}.${service.namespace}.svc`;
  const wrong = entries.flatMap(({ name, caBundle }) => {
    const authorities = certificatesOf(caBundle, `caBundle of ${name}`);
    const why = authorities.length === 0
      ? "it has no caBundle"
      : whyUntrusted(found.chain, authorities, host);
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  return wrong.length > 0 ? failed(wrong) : ok(`for ${host}`);
}

async function timely(subject: ClusterSubject): Promise<Outcome | undefined> {
  const all = await material(subject);
  if (all === undefined) return undefined;
  if (all.found.is !== "found") return all.found.outcome;
  const now = new Date();
  const [leaf] = all.found.chain;
  if (leaf === undefined) return failed(`Secret ${all.found.secret} has no certificate`);
  const authorities = all.entries.flatMap(({ name, caBundle }) =>
    certificatesOf(caBundle, `caBundle of ${name}`)
  );
  // Of several CAs in a bundle, old ones may have ended: the one that has signed counts.
  const signer = authorities.find((ca) => leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
  const parts = [["the certificate", leaf], ["its CA", signer]] as const;
  const judged = parts.flatMap(([what, one]) =>
    one === undefined ? [] : [{ what, time: lasting(one, now) }]
  );
  const over = judged.flatMap(({ what, time }) =>
    time.is === "over" ? [`${what}: ${time.why}`] : []
  );
  if (over.length > 0) return failed(over);
  const soon = judged.flatMap(({ what, time }) =>
    time.is === "soon" ? [`${what}: ${time.why}`] : []
  );
  if (soon.length > 0) return warning(soon);
  return ok(
    judged.flatMap(({ time }) => time.is === "good" ? [`until ${time.until}`] : [])[0] ?? "",
  );
}

async function answers(subject: ClusterSubject): Promise<Outcome | undefined> {
  const found = await subject.configuration();
  if (found.is === "absent") return undefined;
  const namespaces = valueOf(await subject.namespaces());
  // Trying it needs to see neither of the two.
  if (namespaces === undefined) return await tryPod(subject.client, "default");
  const asked = [...namespaces].filter(([, { labels }]) =>
    found.is === "unreadable" ||
    isCalled(found.value, labels, { [LABELS.sidecarInjection]: "enabled" }).called
  );
  const meshed = asked.find(([, { labels }]) =>
    /^(?:enabled|true)$/.test(labels[LABELS.sidecarInjection] ?? "")
  );
  const [name] = meshed ?? asked.find(([one]) => one === "default") ?? asked[0] ?? [];
  if (name === undefined) {
    return unknown("the configuration asks about pods of no namespace that there is");
  }
  return await tryPod(subject.client, name);
}
