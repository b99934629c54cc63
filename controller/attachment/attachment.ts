/**
 * Gives labelled namespaces their NetworkAttachmentDefinition, and puts it right where somebody changes or
 * deletes it. Where Multus comes later, so do the objects.
 *
 * @module
 */
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import { EventRecorder } from "core/cluster/event_recorder.ts";
import { Informer } from "core/cluster/informer.ts";
import { createObject, deleteObject, patchObject } from "core/cluster/writes.ts";
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { Controller } from "../controller.ts";
import {
  ATTACHMENT_NAME,
  attachmentFor,
  type AttachmentStep,
  type AttachmentView,
  decideAttachment,
  type NamespaceView,
  viewAttachment,
  viewNamespace,
} from "./decide.ts";

const GROUP = "/apis/k8s.cni.cncf.io/v1";

/** What it works with. */
export interface AttachmentOptions {
  readonly client: KubeClient;
  readonly log: Logger;
}

/**
 * The controller `kuma-namespace-controller`. It needs `list` and `watch` on namespaces; `list`, `watch`,
 * `create`, `patch` and `delete` on network-attachment-definitions; `create` and `patch` on events.
 */
export class AttachmentController implements Controller {
  readonly name = "kuma-namespace-controller";
  readonly concurrency = 1;
  readonly #namespaces: Informer<NamespaceView>;
  readonly #attachments: Informer<AttachmentView>;
  readonly #client: KubeClient;
  readonly #log: Logger;
  readonly #events: EventRecorder;

  constructor({ client, log }: AttachmentOptions) {
    this.#events = new EventRecorder({ client, component: "kuma-controller", log });
    this.#client = client;
    this.#log = log;
    const common = { connection: client, log };
    this.#namespaces = new Informer({
      ...common,
      name: "namespaces",
      path: "/api/v1/namespaces",
      keep: viewNamespace,
    });
    this.#attachments = new Informer({
      ...common,
      name: "network-attachment-definitions",
      path: `${GROUP}/network-attachment-definitions`,
      keep: viewAttachment,
    });
  }

  get informers(): readonly [Informer<NamespaceView>, Informer<AttachmentView>] {
    return [this.#namespaces, this.#attachments];
  }

  watch(add: (key: string) => void): () => void {
    const over = new AbortController();
    const namespaces = this.#namespaces.subscribe(({ key }) => add(key));
    const attachments = this.#attachments.subscribe(({ key }) => add(key.split("/")[0] ?? ""));
    void this.#onceServed(add, over.signal);
    return () => {
      over.abort();
      namespaces();
      attachments();
    };
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    // Without Multus there is nowhere to write to; without its list, nothing is known of what is there.
    if (this.#attachments.unserved || !this.#attachments.synced) return;
    const key = `${name}/${ATTACHMENT_NAME}`;
    const held = this.#attachments.held(key);
    const step = this.#decide(name, held?.object);
    const collection = `${GROUP}/namespaces/${encodeURIComponent(name)}/` +
      "network-attachment-definitions";
    const path = `${collection}/${ATTACHMENT_NAME}`;
    const { uid = "", resourceVersion = "" } = held ?? {};
    const exact = { uid, resourceVersion, signal };
    switch (step) {
      case "create":
        await createObject(this.#client, collection, attachmentFor(name), { signal });
        break;
      case "repair":
        await patchObject(this.#client, path, "merge", { spec: { config: "" } }, exact);
        break;
      case "delete":
        await deleteObject(this.#client, path, exact).catch(ignoreGone);
        break;
      case "foreign":
        this.#log.warn("a NetworkAttachmentDefinition of somebody else is left alone", {
          namespace: name,
          name: ATTACHMENT_NAME,
        });
        return;
      case "none":
        return;
    }
    this.#log.info("NetworkAttachmentDefinition changed", { namespace: name, step });
  }

  /** A label that is no switch is told to whoever looks at the namespace; another try would not mend it. */
  #decide(name: string, attachment: AttachmentView | undefined): AttachmentStep {
    const namespace = this.#namespaces.held(name);
    try {
      return decideAttachment(name, namespace?.object, attachment);
    } catch (thrown) {
      if (!(thrown instanceof KumaError) || namespace === undefined) throw thrown;
      this.#log.warn(thrown.line, { namespace: name, code: thrown.code });
      const about = {
        apiVersion: "v1",
        kind: "Namespace",
        namespace: "",
        name,
        uid: namespace.uid,
      };
      void this.#events.record(about, {
        type: "Warning",
        reason: "WrongLabel",
        message: `${thrown.line} [${thrown.code}]`,
      });
      return "none";
    }
  }

  /** A kind that is served late has an empty list at first, which changes nothing and so tells nobody. */
  async #onceServed(add: (key: string) => void, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (!await this.#attachments.until(() => this.#attachments.unserved, signal)) return;
      const served = () => !this.#attachments.unserved && this.#attachments.synced;
      if (!await this.#attachments.until(served, signal)) return;
      this.#namespaces.subscribe(({ key }) => add(key))();
    }
  }
}

function ignoreGone(thrown: unknown): void {
  if (!(thrown instanceof ApiError) || thrown.status !== 404) throw thrown;
}
