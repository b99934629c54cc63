/**
 * `kuma-webhook manifests`.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { stringify } from "yaml";
import type { SettingsDocument } from "../settings/load.ts";
import { installedObjects } from "./objects.ts";
import { type InstallFlags, installOptions } from "./options.ts";

/** What the command needs of the program around it. */
export interface ManifestsHost {
  readonly print: (text: string) => void;
  /** Reads a file. Throws `KUMA-WH-001` naming it. */
  readonly document: (path: string) => SettingsDocument;
}

/** Adds the command. */
export function addManifests(program: Command, host: ManifestsHost): void {
  program.command("manifests")
    .description("print what a cluster needs to run this webhook, for kubectl apply -f -")
    .requiredOption("--image <name>", "image of this program that the cluster can pull")
    .option("-n, --namespace <name>", "system namespace (default: the document's, or kuma-system)")
    .option("--replicas <number>", "pods of the webhook", "2")
    .option("--service <name>", "Service in front of them", "kuma-webhook")
    .option("--tls-secret <name>", "Secret for the certificate", "kuma-webhook-tls")
    .addOption(
      new Option("--failure-policy <policy>", "what becomes of pods while no replica answers")
        .choices(["Fail", "Ignore"]).default("Fail"),
    )
    .option("--drain-time <seconds>", "how long requests are served after SIGTERM", "10")
    .option("--config-file <path>", "the control plane's YAML document, put into a ConfigMap")
    .option("--control-plane-service <name>", "Service that sidecars call, in the system namespace")
    .option("--control-plane-port <port>", "its port for sidecars (dpServer.port)")
    .option("--control-plane-ca-secret <name>", "Secret whose ca.crt sidecars trust there")
    .option("--sidecar-image <name>", "image of kuma-dp")
    .option("--init-image <name>", "image of kuma-init")
    .option("--beside-kuma", "leave out what Kuma's own control plane has installed", false)
    .action(({ configFile, ...flags }: InstallFlags & { configFile?: string }) => {
      const document = configFile === undefined ? undefined : host.document(configFile);
      host.print(toYaml(installedObjects(installOptions(flags, document))));
    });
}

/** The objects as one YAML text of several documents. */
export function toYaml(objects: readonly object[]): string {
  const one = (object: object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
  return objects.map((object) => `---\n${one(object)}`).join("");
}
