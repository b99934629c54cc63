import { KumaError } from "core/errors.ts";
import { TP_CODES } from "core/errors/tp_codes.ts";
import { nearest } from "core/proxy/nearest.ts";
import { shown } from "core/proxy/grammar/echo.ts";
import type { ParsedCommand } from "./commands.ts";
import type { Io } from "./io.ts";

/** `kumactl explain [CODE]`: what a code means and what to do, or the list of codes. */
export function explainCommand({ words: [word] }: ParsedCommand, io: Io): Promise<number> {
  if (word === undefined) {
    const lines = Object.entries(TP_CODES).map(([code, { title }]) => `${code}  ${title}\n`);
    io.out(lines.join(""));
    return Promise.resolve(0);
  }
  const code = word.toUpperCase();
  const text = Object.hasOwn(TP_CODES, code) ? TP_CODES[code] : undefined;
  if (text === undefined) {
    const guess = nearest(code, Object.keys(TP_CODES));
    throw new KumaError("KUMA-TP-027", `there is no code '${shown(word)}'`, {
      hint: `did you mean ${guess}? 'kumactl explain' lists them all`,
    });
  }
  io.out(`${code}: ${text.title}.\n${text.todo}\n`);
  return Promise.resolve(0);
}
