import { KumaError } from "core/errors.ts";

import { nearest } from "core/proxy/nearest.ts";
import { shown } from "core/grammar/echo.ts";
import { CODES } from "./codes.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";

/** `kumactl explain [CODE]`: what a code means and what to do, or the list of codes. */
export function explainCommand({ words: [word] }: ParsedCommand, io: Io): Promise<number> {
  if (word === undefined) {
    const lines = Object.entries(CODES).map(([code, { title }]) => `${code}  ${title}\n`);
    io.out(lines.join(""));
    return Promise.resolve(0);
  }
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
  io.out(`${code}: ${text.title}.\n${text.todo}\n`);
  return Promise.resolve(0);
}
