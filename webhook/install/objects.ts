/**
 * Everything that a cluster needs to run the webhook alone: the part of core/manifests that
 * `kumactl install control-plane` prints with the rest.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { definitions } from "core/manifests/definitions.ts";
import { systemNamespace } from "core/manifests/namespace.ts";
import { NO_SCOPE } from "core/manifests/template/evaluate.ts";
import { objectsOf } from "core/manifests/write.ts";
import { webhookObjects } from "core/manifests/webhook/objects.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { InstallOptions } from "./options.ts";

const NAME = "kuma-webhook";

/** For what is still being answered after the drain time: API servers wait 10 s for an answer. */
const FINISH_SECONDS = 15;

/**
 * The objects in the order in which `kubectl apply` has to make them: namespace and definitions first, the
 * Deployment last, since the first thing its pods do is to write their CA into the configurations.
 * There is no Mesh among them: kubectl looks all kinds up before it makes the first object, and would
 * not find one whose definition is among them.
 *
 * Beside Kuma's control plane, its own objects are left out: what is not applied by us is not deleted
 * by us either, and the configurations have entries that only the control plane answers.
 */
export function installedObjects(options: InstallOptions): JsonObject[] {
  const { namespace, besideKuma } = options;
  const webhook = webhookObjects({
    program: { name: NAME, namespace, selector: { "app.kubernetes.io/name": NAME } },
    readerName: "kuma-webhook-reader",
    image: options.image,
    replicas: options.replicas,
    service: options.service,
    tlsSecret: options.tlsSecret,
    generateCerts: true,
    failurePolicy: options.failurePolicy,
    mode: options.mode,
    drainSeconds: options.drainSeconds,
    graceSeconds: options.drainSeconds + FINISH_SECONDS,
    port: options.port,
    environment: options.environment.map((one) => ({ ...one })),
    document: options.document ?? "",
    caSecret: options.caSecret ?? "",
    readsConfigMaps: options.readsConfigMaps,
    unsafeDelete: options.unsafeDelete,
    budget: true,
    ownsConfigurations: !besideKuma,
  });
  return [
    ...besideKuma ? [] : [systemNamespace(namespace), ...definitions()],
    ...objectsOf(webhook, { ...NO_SCOPE, sha256 }),
  ];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
