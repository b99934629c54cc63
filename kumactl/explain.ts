import { KumaError } from "core/errors.ts";

import { nearest } from "core/proxy/nearest.ts";
import { shown } from "core/grammar/echo.ts";
import { CODES } from "./codes.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { type Document, FORMATS, printDocument } from "core/program/output.ts";

/** What `explain -o json` prints. */
export interface ExplainDocument extends Document {
  readonly schema: "kuma.io/kumactl-explain/v1";
  /** The code that was asked for, or all that there are. */
  readonly codes: readonly ExplainedCode[];
}

/** One error code. */
export interface ExplainedCode {
  /** `KUMA-TP-001` */
  readonly code: string;
  /** What happened, a few words. */
  readonly title: string;
  /** What a person can do, one or two sentences. */
  readonly todo: string;
}

/** `kumactl explain [CODE]`: what a code means and what to do, or the list of codes. */
export async function explainCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", FORMATS);
  const [word] = parsed.words;
  const codes = word === undefined
    ? Object.entries(CODES).map(([code, { title, todo }]) => ({ code, title, todo }))
    : [explained(word)];
  if (format !== "text") {
    const document: ExplainDocument = { schema: "kuma.io/kumactl-explain/v1", codes };
    await printDocument(io, format, document);
  } else if (word === undefined) {
    io.out(codes.map(({ code, title }) => `${code}  ${title}\n`).join(""));
  } else io.out(codes.map(({ code, title, todo }) => `${code}: ${title}.\n${todo}\n`).join(""));
  return 0;
}

/** @throws {KumaError} `KUMA-TP-027` there is no such code */
function explained(word: string): ExplainedCode {
  const code = word.toUpperCase();
  const text = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (text === undefined) {
    const guess = nearest(code, Object.keys(CODES), 0.5);
    throw new KumaError("KUMA-TP-027", `there is no code '${shown(word)}'`, {
      hint: `${
        guess === undefined ? "" : `did you mean ${guess}? `
      }'kumactl explain' lists them all`,
    });
  }
  return { code, title: text.title, todo: text.todo };
}
