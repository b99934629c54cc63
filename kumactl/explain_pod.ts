/**
 * `kumactl explain pod`: the whole way of a pod on one page, from its label to its Dataplane.
 *
 * @module
 */
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { FORMATS, printDocument } from "core/program/output.ts";
import { documentFor } from "core/program/serve_flags.ts";
import { UsageError } from "core/program/usage_error.ts";
import { shown } from "core/grammar/echo.ts";
import type { ExplainPodDocument, PodExplanation } from "./pod/document.ts";
import { podText } from "./pod/text.ts";

/** Explains a pod of the cluster, or those of files. Changes nothing; 1 where a pod has problems. */
export async function explainPodCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const pods = await explainAll(parsed, io);
  if (format === "text") io.out(pods.map((pod) => podText(pod, io.columns)).join("\n"));
  else {
    const document: ExplainPodDocument = { schema: "kuma.io/kumactl-explain-pod/v1", pods };
    await printDocument(io, format, document);
  }
  return pods.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

async function explainAll(parsed: ParsedCommand, io: Io): Promise<PodExplanation[]> {
  const files = parsed.flags.filter(({ flag }) => flag === "file").map(({ value }) => value);
  const [word] = parsed.words;
  const namespace = parsed.text("namespace") ?? "";
  if (files.length > 0) {
    if (word !== undefined) throw new UsageError("give a pod of the cluster or -f, not both");
    const { explainFiles } = await import("./pod/file.ts");
    const document = documentFor(parsed, "KUMA-WH-001");
    return await explainFiles(files, io, { namespace, document });
  }
  const name = podName(word, namespace);
  const { connect } = await import("./cluster/connect.ts");
  using client = await connect(parsed, io);
  const { explainLive } = await import("./pod/live.ts");
  return [await explainLive(client, name)];
}

/** Of names in Kubernetes; anything else would be another path of the API. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function podName(word: string | undefined, given: string): { namespace: string; name: string } {
  if (word === undefined) throw new UsageError("name a pod: NAMESPACE/NAME, or a file with -f");
  const [first = "", second, ...more] = word.split("/");
  const [namespace, name] = second === undefined ? [given || "default", first] : [first, second];
  if (more.length > 0 || !NAME.test(namespace) || !NAME.test(name)) {
    throw new UsageError(`'${shown(word)}' is no NAMESPACE/NAME of a pod`);
  }
  return { namespace, name };
}
