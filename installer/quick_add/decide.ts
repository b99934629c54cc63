/**
 * What the plugin in front is to do with one pod: by the same decisions as the plugin's program makes, and for the plain
 * case alone. Whatever is out of the ordinary is the program's.
 *
 * @module
 */
import { callFields, readInvocation } from "core/cni/invocation.ts";
import { parseNetConf } from "core/cni/net_conf.ts";
import type { QuickAddAnswer, QuickAddOutcome, QuickAddQuestion } from "core/cni/quick_add.ts";
import { addResult } from "core/cni/result.ts";
import { podWishes, type ReadPod } from "core/cni/wishes.ts";
import { errorText } from "core/errors.ts";
import { podTransaction } from "core/host/nftables/pod_transaction.ts";
import { parseLogLevel } from "core/log/levels.ts";
import type { Logger } from "core/log/logger.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";

/** The answer, and what is to be logged once it has come true. */
export interface Decision {
  readonly answer: QuickAddAnswer;
  /** Why the program is to do it; undefined where it is not. */
  readonly reason?: string;
  /** The plugin's lines of a call that ended well. */
  lines(outcome: QuickAddOutcome): readonly LogRecord[];
}

/** Decides. Never throws: what goes wrong is the program's, which says so to the runtime. */
export async function decide(question: QuickAddQuestion, read: ReadPod): Promise<Decision> {
  try {
    return await plainCase(question, read);
  } catch (error) {
    return forProgram(errorText(error));
  }
}

/** The program is to do it. */
export function forProgram(reason: string): Decision {
  return { answer: { kind: "program" }, reason, lines: () => [] };
}

async function plainCase(question: QuickAddQuestion, read: ReadPod): Promise<Decision> {
  const { generation: _, ...blocks } = question;
  const variables: Readonly<Record<string, string>> = { ...blocks, CNI_COMMAND: "ADD" };
  const invocation = readInvocation((name) => variables[name]);
  const conf = parseNetConf(question.conf);
  // As in the program: a configuration that no result exists for must not leave rules behind.
  const result = addResult(conf, question.conf);
  const level = parseLogLevel(conf.logLevel || "info");
  if (level === undefined) return forProgram("the configuration's log_level is unknown");
  const records: LogRecord[] = [];
  const log = createLogger({
    name: "kuma-cni",
    level,
    sink: (record) => records.push(record),
    fields: callFields(invocation),
  });
  const wishes = await podWishes(invocation, conf, read, log);
  if (wishes.skip !== undefined) {
    log.info("pod is left alone", { reason: wishes.skip });
    return { answer: { kind: "left alone", result }, lines: ended(log, records) };
  }
  if (conf.ebpf !== undefined && wishes.ebpf) return forProgram("the pod is to have eBPF");
  const plan = podTransaction(wishes.config, question, log);
  if (typeof plan === "string") return forProgram(plan);
  const { batch, acknowledged, passthrough, families, ipv6Skipped } = plan;
  log.info("pod is intercepted", {
    backend: "nftables",
    families,
    ...(ipv6Skipped === undefined ? {} : { ipv6Skipped }),
  });
  return {
    answer: { kind: "rules", result, passthrough, acknowledged, batch },
    lines: ended(log, records),
  };
}

function ended(log: Logger, records: readonly LogRecord[]): Decision["lines"] {
  return ({ microseconds }) => {
    log.info("done", { duration_ms: Math.round(microseconds / 100) / 10, way: "daemon" });
    return records;
  };
}
