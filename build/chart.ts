/**
 * `deno task chart`: the Helm chart, in `dist/chart/kuma-node-tooling`. It is written from the same trees as the output
 * of `kumactl install control-plane`, and so never a second time.
 *
 * @module
 */
import { join } from "node:path";
import { definitions } from "core/manifests/definitions.ts";
import { systemParts } from "core/manifests/system.ts";
import { goTemplate, HELPERS } from "core/manifests/template/go_template.ts";
import { valuesSchema } from "core/manifests/values/schema.ts";
import { valuesText } from "core/manifests/values/text.ts";
import { yamlOf } from "core/manifests/yaml.ts";
import { VERSION } from "core/version.ts";
import { say } from "./io.ts";
import { exitOnError, ROOT } from "./task.ts";

const NAME = "kuma-node-tooling";

const NOTES = `The webhook, the controller and, where asked for, the CNI are on their way:

  kubectl rollout status deployment/kuma-webhook --namespace {{ .Release.Namespace }}

Helm made the namespace without the label by which Kuma knows its own:

  kubectl label namespace {{ .Release.Namespace }} kuma.io/system-namespace=true

The control plane that sidecars ask is not part of this chart.
`;

/** Writes the chart into `folder`, which is made anew. */
export async function writeChart(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const files: Record<string, string> = {
    "Chart.yaml": [
      "apiVersion: v2",
      `name: ${NAME}`,
      "description: Sidecar injection, node taints, Dataplanes and the CNI of Kuma's mesh",
      "type: application",
      `version: ${VERSION}`,
      `appVersion: "${VERSION}"`,
      'kubeVersion: ">=1.25.0-0"',
      "",
    ].join("\n"),
    "values.yaml": valuesText(),
    "values.schema.json": `${JSON.stringify(valuesSchema(), null, 2)}\n`,
    "templates/_helpers.tpl": HELPERS,
    "templates/NOTES.txt": NOTES,
  };
  // Helm installs what is in crds/ first and never removes it.
  for (const definition of definitions()) {
    const { names } = definition.spec as { names: { plural: string } };
    files[`crds/${names.plural}.yaml`] = yamlOf([definition]);
  }
  for (const { name, objects } of systemParts({ besideKuma: false })) {
    if (objects.length === 0) continue;
    files[`templates/${name}.yaml`] = objects.map((one) => `---\n${goTemplate(one)}`).join("");
  }
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    await Deno.writeTextFile(target, text);
  }
}

if (import.meta.main) {
  await exitOnError(async () => {
    const folder = join(ROOT, "dist", "chart", NAME);
    await writeChart(folder);
    say(`chart ${VERSION}: ${folder}`);
  });
}
