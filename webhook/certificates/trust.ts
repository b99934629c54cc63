/**
 * Writes the CA into the webhook configurations that call this webhook.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { ApiError, type KubeClient } from "core/cluster/client.ts";

/** Whose entries get which CA. */
export interface TrustOptions {
  readonly connection: KubeClient;
  readonly namespace: string;
  readonly service: string;
  /** CA certificates, PEM. */
  readonly bundle: string;
  readonly log: Logger;
}

const GROUP = "/apis/admissionregistration.k8s.io/v1";

/** The configurations that Kuma's chart installs. */
const CONFIGURATIONS: readonly string[] = [
  `${GROUP}/mutatingwebhookconfigurations/kuma-admission-mutating-webhook-configuration`,
  `${GROUP}/validatingwebhookconfigurations/kuma-validating-webhook-configuration`,
];

/**
 * Sets `caBundle` of every entry whose Service is ours, where it differs. A configuration that does not
 * exist (yet) is passed over: the next round finds it.
 */
export async function trustAuthority(options: TrustOptions): Promise<void> {
  for (const path of CONFIGURATIONS) {
    try {
      await patchConfiguration(path, options);
    } catch (thrown) {
      // 409 and 422: somebody changed the list meanwhile; 404: it is not installed.
      const status = thrown instanceof ApiError ? thrown.status : 0;
      if (![404, 409, 422].includes(status)) throw thrown;
      options.log.debug("webhook configuration not changed", { path, status });
    }
  }
}

async function patchConfiguration(path: string, options: TrustOptions): Promise<void> {
  const configuration = await options.connection.json(path);
  const webhooks = isObject(configuration) ? configuration.webhooks : undefined;
  const wanted = new TextEncoder().encode(options.bundle).toBase64();
  const operations = (Array.isArray(webhooks) ? webhooks : []).flatMap((webhook, at) =>
    isObject(webhook) && isOurs(webhook, options, wanted)
      ? [
        { op: "test", path: `/webhooks/${at}/name`, value: webhook.name ?? null },
        { op: "add", path: `/webhooks/${at}/clientConfig/caBundle`, value: wanted },
      ]
      : []
  );
  if (operations.length === 0) return;
  await options.connection.json(path, {
    method: "PATCH",
    contentType: "application/json-patch+json",
    body: operations as Json,
  });
  options.log.info("CA written", { path, webhooks: operations.length / 2 });
}

function isOurs(webhook: JsonObject, options: TrustOptions, wanted: string): boolean {
  const client = isObject(webhook.clientConfig) ? webhook.clientConfig : {};
  const service = isObject(client.service) ? client.service : {};
  return service.name === options.service && service.namespace === options.namespace &&
    client.caBundle !== wanted;
}
