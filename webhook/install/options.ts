/**
 * What `kuma-webhook manifests` is asked for, read strictly: a wrong value is found here and not by a pod
 * that never becomes ready.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { CA_FOLDER } from "core/manifests/webhook/deployment.ts";
import type { Kind } from "core/settings/kinds.ts";
import { loadSettings, type SettingsDocument } from "core/inject/settings/load.ts";
import { SETTINGS, type Settings } from "core/inject/settings/table.ts";

/** The flags as the command line gives them. */
export interface InstallFlags {
  readonly image: string;
  readonly namespace?: string;
  readonly replicas: string;
  readonly service: string;
  readonly tlsSecret: string;
  readonly failurePolicy: string;
  readonly drainTime: string;
  readonly controlPlaneService?: string;
  readonly controlPlanePort?: string;
  readonly controlPlaneCaSecret?: string;
  readonly sidecarImage?: string;
  readonly initImage?: string;
  readonly besideKuma: boolean;
}

/** What to install. */
export interface InstallOptions {
  readonly image: string;
  /** The system namespace, where the webhook and the control plane run. */
  readonly namespace: string;
  readonly replicas: number;
  /** Name of the Service that API servers call. */
  readonly service: string;
  /** Name of the Secret that holds the certificate. */
  readonly tlsSecret: string;
  readonly failurePolicy: "Fail" | "Ignore";
  readonly drainSeconds: number;
  /** Where the webhook listens in its pod. */
  readonly port: number;
  /** Settings as environment variables, in the order of the flags. */
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** The control plane's YAML document. */
  readonly document: string | undefined;
  /** Secret whose `ca.crt` sidecars trust when they call the control plane. */
  readonly caSecret: string | undefined;
  /** The settings make the webhook read ConfigMaps. */
  readonly readsConfigMaps: boolean;
  /** `store.unsafeDelete` of the settings: then nobody asks which meshes are in use. */
  readonly unsafeDelete: boolean;
  /** `mode` of the settings: a global control plane has no pods. */
  readonly mode: Settings["mode"];
  /** Kuma's control plane is installed: what is its own is left out. */
  readonly besideKuma: boolean;
}

/** A ConfigMap's limit (1 MiB, all of it) less some room for its metadata. */
const MAX_DOCUMENT = 1_000_000;

const LABEL: [RegExp, string] = [
  /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "a name such as kuma-webhook",
];
const NAMESPACE: [RegExp, string] = [/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a namespace's name"];
const SECRET: [RegExp, string] = [
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  "the name of a Secret",
];
const IMAGE: [RegExp, string] = [
  /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$/,
  "the name of an image, such as registry.example/kuma-webhook:1",
];
const COUNT: [RegExp, string] = [/^[1-9][0-9]{0,2}$/, "a whole number from 1 to 999"];
const SECONDS: [RegExp, string] = [/^[0-9]{1,4}$/, "a number of seconds"];
const POLICY: [RegExp, string] = [/^(Fail|Ignore)$/, "Fail or Ignore"];

/** Reads flags and document. Throws `KUMA-WH-030` naming the flag, `KUMA-WH-001` naming the key. */
export function installOptions(flags: InstallFlags, document?: SettingsDocument): InstallOptions {
  const environment = new Map<string, string>();
  const set = (setting: { env: string; kind: Kind<unknown> }, flag: string, value?: string) => {
    if (value === undefined) return;
    try {
      setting.kind.text(value);
    } catch (cause) {
      throw wrong(flag, errorText(cause));
    }
    environment.set(setting.env, value);
  };
  const given = (flag: string, form: [RegExp, string], value: string | undefined) =>
    value === undefined ? undefined : matching(flag, form, value);

  const namespace = given("--namespace", NAMESPACE, flags.namespace) ??
    matching(
      "store.kubernetes.systemNamespace",
      NAMESPACE,
      loadSettings(document, {}).settings.systemNamespace,
    );
  set(SETTINGS.systemNamespace, "--namespace", namespace);
  const controlPlane = given("--control-plane-service", LABEL, flags.controlPlaneService);
  set(SETTINGS.controlPlaneServiceName, "--control-plane-service", controlPlane);
  set(SETTINGS.dpServerPort, "--control-plane-port", flags.controlPlanePort);
  const caSecret = given("--control-plane-ca-secret", SECRET, flags.controlPlaneCaSecret);
  if (caSecret !== undefined) environment.set(SETTINGS.caCertFile.env, `${CA_FOLDER}/ca.crt`);
  set(
    SETTINGS.sidecarImage,
    "--sidecar-image",
    given("--sidecar-image", IMAGE, flags.sidecarImage),
  );
  set(SETTINGS.initImage, "--init-image", given("--init-image", IMAGE, flags.initImage));

  const { settings } = loadSettings(document, Object.fromEntries(environment));
  checkInPod(settings, caSecret, document);
  return {
    image: matching("--image", IMAGE, flags.image),
    namespace,
    replicas: Number(matching("--replicas", COUNT, flags.replicas)),
    service: matching("--service", LABEL, flags.service),
    tlsSecret: matching("--tls-secret", SECRET, flags.tlsSecret),
    failurePolicy: matching("--failure-policy", POLICY, flags.failurePolicy) as "Fail" | "Ignore",
    drainSeconds: Number(matching("--drain-time", SECONDS, flags.drainTime)),
    port: settings.serverPort,
    environment: [...environment].map(([name, value]) => ({ name, value })),
    document: document?.text,
    caSecret,
    readsConfigMaps: settings.configMapName !== "",
    unsafeDelete: settings.unsafeDelete,
    mode: settings.mode,
    besideKuma: flags.besideKuma,
  };
}

/** What the document may say on the control plane's own host, but not in this pod. */
function checkInPod(settings: Settings, caSecret?: string, document?: SettingsDocument): void {
  if (settings.caCertFile !== "" && caSecret === undefined) {
    throw wrong(
      SETTINGS.caCertFile.key,
      `the pod has no file ${settings.caCertFile}`,
      "name the Secret that holds ca.crt with --control-plane-ca-secret",
    );
  }
  if (settings.serverPort === 0) throw wrong(SETTINGS.serverPort.key, "0 is no port to listen on");
  if (settings.serverAddress !== "") {
    throw wrong(SETTINGS.serverAddress.key, "API servers reach a pod at its own address only");
  }
  if (new TextEncoder().encode(document?.text ?? "").length > MAX_DOCUMENT) {
    throw wrong("--config-file", `the document has more than ${MAX_DOCUMENT} bytes`);
  }
}

function matching(flag: string, [form, what]: [RegExp, string], value: string): string {
  if (form.test(value)) return value;
  throw wrong(flag, `${JSON.stringify(value.slice(0, 80))} is not ${what}`);
}

function wrong(flag: string, why: string, hint?: string): KumaError {
  return new KumaError("KUMA-WH-030", `${flag}: ${why}`, hint === undefined ? {} : { hint });
}
