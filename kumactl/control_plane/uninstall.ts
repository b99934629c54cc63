/**
 * `kumactl uninstall control-plane`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { valueAt } from "core/manifests/template/evaluate.ts";
import { yamlOf } from "core/manifests/yaml.ts";
import type { JsonObject } from "core/patch/json.ts";
import { isObject } from "core/patch/json.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { type Io, withOut } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";
import { parseGoDuration } from "core/grammar/go_duration.ts";
import { daemonSetBack, type HandBack, injectionBack } from "./hand_back.ts";
import { objectsOf } from "./install.ts";
import { kubectl, kubectlOk, recogniseByKubectl } from "./kubectl.ts";
import { type AskedFor, readValues, switchOf } from "./values.ts";

const TAINT = "NodeReadiness";
const DETACH = "--detach-on-exit";
const ATTACHMENTS = "network-attachment-definitions.k8s.cni.cncf.io";
/** Kinds that people make objects of: where they did, their work is not thrown away. */
const PEOPLES = ["meshes.kuma.io", "containerpatches.kuma.io"];

/** What `uninstall control-plane -o json` prints, where all went well. */
export interface UninstallDocument extends Document {
  readonly schema: "kuma.io/kumactl-uninstall-control-plane/v1";
  /** Whether nothing was removed, since that was asked for. */
  readonly dryRun: boolean;
  /** What was removed or kept, or would be, in words: a line each, in their order. */
  readonly lines: readonly string[];
}

/**
 * Removes what `install control-plane` with the same flags printed, and what its programs made, in an order in which
 * nothing breaks meanwhile: admission first, so that no pod waits for a webhook that is gone; then who taints nodes; then
 * the CNI, whose installer cleans its node. Meshes and ContainerPatches that people made stay, with their definitions.
 *
 * @throws {KumaError} `KUMA-CP-…`; what is left is said, and a second run goes on with it.
 */
export async function uninstallControlPlaneCommand(
  parsed: ParsedCommand,
  terminal: Io,
): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  let said = "";
  const io = format === "text" ? terminal : withOut(terminal, (text) => said += text);
  const asked = await readValues(parsed, io, recogniseByKubectl);
  const dryRun = switchOf("dry-run", parsed.text("dry-run"));
  const timeoutMs = Number(parseGoDuration(parsed.text("timeout") ?? "2m")) / 1e6;
  const removal = new Removal(asked, { io, dryRun, timeoutMs });
  await removal.run();
  if (format !== "text") {
    const document: UninstallDocument = {
      schema: "kuma.io/kumactl-uninstall-control-plane/v1",
      dryRun,
      lines: said.split("\n").filter((line) => line !== ""),
    };
    await printDocument(terminal, format, document);
  }
  return 0;
}

interface RemovalOptions {
  readonly io: Io;
  readonly dryRun: boolean;
  readonly timeoutMs: number;
}

class Removal {
  readonly #asked: AskedFor;
  readonly #options: RemovalOptions;

  constructor(asked: AskedFor, options: RemovalOptions) {
    this.#asked = asked;
    this.#options = options;
  }

  async run(): Promise<void> {
    const objects = objectsOf(this.#asked);
    const of = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(String(kind)));
    // Looked at before anything goes: what Kuma itself uses here is not ours to remove.
    const kuma = await this.#usesOfKuma(of("CustomResourceDefinition").map(nameOf));
    const configurations = of("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration");
    for (const one of configurations) if (await this.#callsUs(one)) await this.#delete([one]);
    if (this.#asked.besideKuma) {
      await this.#handBack(await injectionBack(of("Service").map(nameOf)));
    }
    await this.#delete(of("Deployment").filter((one) => /controller$/.test(nameOf(one))));
    const loaders = of("DaemonSet").filter((one) => /ebpf-loader$/.test(nameOf(one)));
    for (const loader of loaders) await this.#letDetach(loader);
    for (const one of of("DaemonSet")) await this.#deleteDaemonSet(one);
    await this.#freeNodes();
    await this.#deleteAttachments();
    const others = ["Namespace", "CustomResourceDefinition", "DaemonSet"].concat(
      configurations.map(kindOf),
    );
    await this.#delete(objects.filter((one) => !others.includes(kindOf(one))).reverse());
    await this.#deleteMade();
    if (this.#asked.besideKuma) return;
    if (kuma.length > 0) {
      this.#say(
        `kept: namespace ${this.#asked.namespace} and the definitions, for ${kuma.join(", ")}`,
      );
      return;
    }
    const kept = await this.#peoplesKinds();
    const definitions = of("CustomResourceDefinition");
    await this.#delete(definitions.filter((one) => !kept.includes(nameOf(one))));
    if (kept.includes(PEOPLES[1] ?? "")) this.#say(`kept: namespace ${this.#asked.namespace}`);
    else await this.#delete(of("Namespace"));
    if (kept.length > 0) {
      this.#say(
        `kept: ${
          kept.join(" and ")
        }, of which there are objects; 'kubectl delete crd' removes both`,
      );
    }
  }

  /** Kuma's control plane in our namespace, and definitions of its group that are not ours. */
  async #usesOfKuma(ours: readonly string[]): Promise<string[]> {
    const { namespace, values } = this.#asked;
    const service = String(valueAt(values, "controlPlane.service.name"));
    const deployment = ["get", "deployment", service, "-n", namespace, "--ignore-not-found"];
    const names = `${await kubectlOk([...deployment, "-o", "name"])}\n${await kubectlOk([
      "get",
      "crd",
      "-o",
      "name",
    ])}`.split("\n").map((line) => line.slice(line.indexOf("/") + 1));
    return names.filter((name) =>
      name === service || /\.kuma\.io$/.test(name) && !ours.includes(name)
    );
  }

  /** Whether a webhook configuration of this name, if it is there, calls our Service; Kuma's has the same name. */
  async #callsUs(configuration: JsonObject): Promise<boolean> {
    const place = [kindOf(configuration), nameOf(configuration)];
    const text = await kubectlOk(["get", ...place, "--ignore-not-found", "-o", "json"]);
    if (text.trim() === "") return false;
    const ours = servicesOf(configuration);
    if (servicesOf(JSON.parse(text)).some((name) => ours.includes(name))) return true;
    this.#say(`kept: ${describe(configuration)}, which calls another Service`);
    return false;
  }

  /** Where it was Kuma's before, it is Kuma's again. */
  async #deleteDaemonSet(one: JsonObject): Promise<void> {
    const seconds = Math.ceil(this.#options.timeoutMs / 1000);
    const back = this.#asked.besideKuma ? await daemonSetBack(one, seconds) : undefined;
    if (back === undefined) await this.#delete([one]);
    else await this.#handBack(back);
  }

  async #handBack(back: HandBack | undefined): Promise<void> {
    if (back === undefined) return;
    if (this.#options.dryRun) this.#say(`would ${back.what}`);
    else this.#options.io.out(await back.run());
  }

  async #delete(objects: readonly JsonObject[]): Promise<void> {
    if (objects.length === 0) return;
    if (this.#options.dryRun) {
      for (const object of objects) this.#say(`would remove ${describe(object)}`);
      return;
    }
    const { timeoutMs } = this.#options;
    const seconds = Math.ceil(timeoutMs / 1000);
    const args = ["delete", "--ignore-not-found", "--cascade=foreground", `--timeout=${seconds}s`];
    const done = await kubectl([...args, "-f", "-"], {
      stdin: yamlOf(objects),
      timeoutMs: timeoutMs + 10_000,
    });
    this.#options.io.out(done.stdout);
    // A definition that is gone already takes its objects with it: kubectl calls that no match.
    const why = done.stderr.trim().split("\n")
      .filter((line) => line !== "" && !/^Warning:/.test(line)).at(-1);
    if (done.code === 0) return;
    throw new KumaError("KUMA-CP-009", `not everything was removed: ${why ?? "kubectl failed"}`, {
      hint: "correct the cause and run the command again: it goes on where it stopped",
    });
  }

  /** The loader leaves its programs where they are, for the next one; told so, it takes them along. */
  async #letDetach(daemonSet: JsonObject): Promise<void> {
    const { timeoutMs, dryRun } = this.#options;
    const metadata = isObject(daemonSet.metadata) ? daemonSet.metadata : {};
    const place = ["daemonset", nameOf(daemonSet), "-n", String(metadata.namespace)];
    const found = await kubectlOk(["get", ...place, "--ignore-not-found", "-o", "json"]);
    if (found.trim() === "" || found.includes(DETACH)) return;
    if (dryRun) {
      return this.#say(`would take the BPF programs of ${nameOf(daemonSet)} off all nodes`);
    }
    const patch = [{ op: "add", path: "/spec/template/spec/containers/0/args/-", value: DETACH }];
    const out = await kubectlOk(["patch", ...place, "--type=json", "-p", JSON.stringify(patch)]);
    this.#options.io.out(out);
    const seconds = Math.ceil(timeoutMs / 1000);
    const status = ["rollout", "status", ...place, `--timeout=${seconds}s`];
    await kubectlOk(status, { timeoutMs: timeoutMs + 10_000 });
  }

  /** Nobody takes the taint away any more. */
  async #freeNodes(): Promise<void> {
    const { items } = JSON.parse(await kubectlOk(["get", "nodes", "-o", "json"])) as {
      items: JsonObject[];
    };
    for (const node of items) {
      const spec = isObject(node.spec) ? node.spec : {};
      const taints = Array.isArray(spec.taints) ? spec.taints : [];
      const tainted = taints.some((one) =>
        isObject(one) && one.key === TAINT && one.effect === "NoSchedule"
      );
      if (!tainted) continue;
      const name = nameOf(node);
      if (this.#options.dryRun) this.#say(`would take the taint ${TAINT} from node ${name}`);
      else this.#options.io.out(await kubectlOk(["taint", "nodes", name, `${TAINT}:NoSchedule-`]));
    }
  }

  async #deleteAttachments(): Promise<void> {
    const crd = await kubectlOk(["get", "crd", ATTACHMENTS, "--ignore-not-found", "-o", "name"]);
    if (crd.trim() === "") return;
    const all = ["-A", "-l", "app.kubernetes.io/managed-by=kuma-controller"];
    if (this.#options.dryRun) {
      const found = await kubectlOk(["get", ATTACHMENTS, ...all, "-o", "name"]);
      for (const name of found.split("\n").filter((line) => line !== "")) {
        this.#say(`would remove ${name}`);
      }
      return;
    }
    this.#options.io.out(await kubectlOk(["delete", ATTACHMENTS, ...all, "--ignore-not-found"]));
  }

  /** The certificate's Secret and the Lease, which the programs made themselves. */
  async #deleteMade(): Promise<void> {
    const { namespace, values } = this.#asked;
    const stem = String(values.nameOverride || "kuma");
    const made = [`secret/${stem}-webhook-tls`, "lease/kuma-controller-leader"];
    if (this.#options.dryRun) {
      for (const one of made) this.#say(`would remove ${one} of namespace ${namespace}`);
      return;
    }
    const args = ["delete", "-n", namespace, ...made, "--ignore-not-found"];
    this.#options.io.out(await kubectlOk(args));
  }

  /** Those kinds of {@linkcode PEOPLES} of which there are objects. */
  async #peoplesKinds(): Promise<string[]> {
    const kept: string[] = [];
    for (const kind of PEOPLES) {
      const crd = await kubectlOk(["get", "crd", kind, "--ignore-not-found", "-o", "name"]);
      if (crd.trim() === "") continue;
      const found = await kubectlOk(["get", kind, "-A", "-o", "name"]);
      if (found.trim() !== "") kept.push(kind);
    }
    return kept;
  }

  #say(line: string): void {
    this.#options.io.out(`${line}\n`);
  }
}

function kindOf({ kind }: JsonObject): string {
  return String(kind);
}

/** Services that a webhook configuration calls. */
function servicesOf({ webhooks }: JsonObject): string[] {
  return (Array.isArray(webhooks) ? webhooks : []).map((one) => {
    const name = isObject(one) ? valueAt(one, "clientConfig.service.name") : null;
    return String(name);
  });
}

function nameOf({ metadata }: JsonObject): string {
  return isObject(metadata) ? String(metadata.name) : "";
}

function describe(object: JsonObject): string {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const place = metadata.namespace === undefined
    ? ""
    : ` of namespace ${String(metadata.namespace)}`;
  return `${String(object.kind)} ${nameOf(object)}${place}`;
}
