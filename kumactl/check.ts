/**
 * `kumactl check`: what is looked at depends on the flags, how it is told does not.
 *
 * @module
 */
import { type Report, runChecks, type Section } from "core/check/run.ts";
import { EXIT_CODES, resultOf, tallyOf, tallyText } from "core/check/tally.ts";
import { checkText, shortText } from "core/check/text.ts";
import { checkUntilWell } from "core/check/wait.ts";
import { shown, within } from "core/grammar/echo.ts";
import { parseDuration } from "core/grammar/duration.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { errorLines } from "core/program/error_lines.ts";
import type { Io } from "core/program/io.ts";
import { speaksUtf8 } from "core/program/locale.ts";
import { FORMATS, printDocument } from "core/program/output.ts";
import { UsageError } from "core/program/usage_error.ts";
import { systemClock } from "core/time/clock.ts";
import { checkDocument } from "./check_document.ts";
import { loadConfiguration } from "./configuration.ts";
import { enterNamedNetns, inNetns, netnsPath } from "./netns_flag.ts";
import { givesSettings } from "./status_look.ts";

/** Makes the sections of one look; what several checks share is looked at once a look. */
export type Subject = () => readonly Section[] | Promise<readonly Section[]>;

/** `kumactl check`. Changes nothing. */
export async function checkCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const format = parsed.choice("output", [...FORMATS, "short"]);
  const limitMs = waitOf(parsed);
  const subject = await subjectOf(parsed, io);
  if (subject === undefined) return EXIT_CODES.incomplete;
  const report = await checkUntilWell(async () => await runChecks(await subject()), {
    limitMs,
    clock: systemClock,
    ...(io.live ? { progress: (report, leftMs) => io.err(progressLine(report, leftMs)) } : {}),
  });
  if (io.live && limitMs > 0) io.err(CLEAR);
  const style = { columns: io.columns, colour: io.outColour, utf8: speaksUtf8(io.environment) };
  const coloured = style.colour ? ["coloured"] as const : [];
  if (format === "text") io.out(checkText(report, style), ...coloured);
  else if (format === "short") io.out(shortText(report, style), ...coloured);
  else await printDocument(io, format, checkDocument(report));
  return EXIT_CODES[resultOf(report)];
}

function waitOf(parsed: ParsedCommand): number {
  const text = parsed.text("wait") ?? "0s";
  // Where durations are settings, a bare number is nanoseconds; nobody means that here.
  if (/^[0-9]+$/.test(text) && Number(text) > 0) {
    throw new UsageError(`--wait: '${shown(text)}' has no unit`, { hint: `give ${shown(text)}s` });
  }
  return within("--wait: ", () => parseDuration(text));
}

/** What to look at; undefined where the namespace cannot be entered, which is told. */
async function subjectOf(parsed: ParsedCommand, io: Io): Promise<Subject | undefined> {
  if (parsed.on("kubernetes")) {
    const other = parsed.on("pre")
      ? "pre"
      : parsed.text("netns") === undefined
      ? undefined
      : "netns";
    const setting = parsed.flags.find((one) => one.flag !== "wait" && givesSettings([one]));
    if (setting !== undefined) {
      throw new UsageError(`--${setting.flag} is about a host, and not about a cluster`);
    }
    if (other !== undefined) throw new UsageError(`--kubernetes and --${other}: give one of them`);
    const { connect } = await import("./cluster/connect.ts");
    const { clusterSections } = await import("./check/cluster/sections.ts");
    const client = await connect(parsed, io);
    return () => clusterSections(client);
  }
  const netns = parsed.text("netns");
  const path = netns === undefined ? undefined : netnsPath(netns);
  // The setting of this name is another one.
  const flags = parsed.flags.filter(({ flag }) => flag !== "wait");
  const warn = (text: string) => io.err(`Warning: ${text}\n`);
  const loaded = await loadConfiguration(flags, io);
  for (const text of loaded.warnings) warn(text);
  const wanted = inNetns(loaded, path, warn);
  const elsewhere = path !== undefined;
  if (parsed.on("pre")) {
    const { sectionsBefore } = await import("./check/before.ts");
    if (elsewhere && !entered(path, io)) return undefined;
    return () => sectionsBefore(wanted.config, elsewhere);
  }
  const { sectionsAfter } = await import("./check/after.ts");
  const given = givesSettings(flags);
  if (elsewhere && !entered(path, io)) return undefined;
  return () => sectionsAfter(wanted, { given, elsewhere });
}

function entered(path: string, io: Io): boolean {
  try {
    enterNamedNetns(path);
    return true;
  } catch (thrown) {
    io.err(errorLines(thrown, io));
    return false;
  }
}

/** Goes back to the line's begin and clears it: ECMA-48, EL. */
const CLEAR = "\r\x1b[K";

function progressLine(report: Report, leftMs: number): string {
  return `${CLEAR}${tallyText(tallyOf(report))}; looking again for ${Math.ceil(leftMs / 1000)} s`;
}
