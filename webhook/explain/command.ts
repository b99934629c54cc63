/**
 * `kuma-webhook explain`.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { readText } from "core/program/read_text.ts";
import { type Document, printDocument } from "core/program/output.ts";
import { documentFor } from "core/program/serve_flags.ts";
import { OUTPUTS } from "../commands.ts";
import { CLUSTER_KINDS } from "core/inject/explain/given_cluster.ts";
import { type Answer, explainHere } from "./here.ts";
import { readObjects, WORKLOADS } from "core/inject/explain/objects.ts";
import { shortText } from "./short_text.ts";
import { wideText, yaml } from "core/inject/explain/wide_text.ts";
import { whoAsks } from "./who_asks.ts";

/** etcd takes objects of 1.5 MiB at most; as YAML they may be longer, and there may be several. */
const LONGEST_FILE = 8 * 1024 * 1024;

/** What `explain -o json` prints. */
export interface ExplainDocument extends Document {
  readonly schema: "kuma.io/kuma-webhook-explain/v1";
  /** In the order of the files. */
  readonly pods: readonly ExplainedPod[];
}

/** What would become of one pod. */
export interface ExplainedPod extends Omit<Answer["explanation"], "before"> {
  /** What was taken for true because no cluster was asked. */
  readonly assumptions: readonly string[];
}

/** Prints what would become of the pods of files; 1 where one of them would be denied. */
export async function explainCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const output = parsed.choice("output", OUTPUTS);
  const files = parsed.flags.filter(({ flag }) => flag === "file").map(({ value }) => value);
  const objects: JsonObject[] = [];
  for (const file of files) {
    const text = await readText(io, file, { limit: LONGEST_FILE, code: "KUMA-WH-001" });
    objects.push(...readObjects(text, file));
  }
  const answers = await explainHere({
    objects,
    namespace: parsed.text("namespace") ?? "",
    document: documentFor(parsed, "KUMA-WH-001"),
    environment: io.environment,
    credentials: parsed.on("offline") ? undefined : await whoAsks(io.environment),
  });
  if (answers.length === 0) {
    throw new KumaError("KUMA-WH-001", `${files.join(", ")}: there is no pod in it`, {
      hint: `${WORKLOADS.join(", ")}, and what else has spec.template, are explained; ` +
        `${CLUSTER_KINDS.join(", ")} are looked at`,
    });
  }
  await print(answers, output, io);
  return answers.some(({ explanation }) => explanation.verdict === "denied") ? 1 : 0;
}

async function print(
  answers: readonly Answer[],
  output: typeof OUTPUTS[number],
  io: Io,
): Promise<void> {
  switch (output) {
    case "short":
    case "wide": {
      const text = output === "short" ? shortText : wideText;
      io.out(
        answers.map(({ explanation, assumptions }) => text(explanation, assumptions)).join("\n"),
      );
      return;
    }
    case "yaml":
      for (const { explanation, assumptions } of answers) {
        if (explanation.pod !== undefined) io.out(`---\n${yaml(explanation.pod)}`);
        // Standard output is for kubectl; what a person should read is beside it.
        if (explanation.verdict !== "injected") io.err(shortText(explanation, assumptions));
        else for (const warning of explanation.warnings) io.err(`warning: ${warning}\n`);
      }
      return;
    case "json":
      return await printDocument(io, "json", documentOf(answers));
  }
}

function documentOf(answers: readonly Answer[]): ExplainDocument {
  return {
    schema: "kuma.io/kuma-webhook-explain/v1",
    pods: answers.map(({ explanation: { before: _, ...explanation }, assumptions }) => ({
      ...explanation,
      assumptions,
    })),
  };
}
