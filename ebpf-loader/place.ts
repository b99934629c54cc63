/**
 * Where the flags say that everything is.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { FILE_SYSTEMS, fileSystemAt } from "core/host/bpf/bpffs.ts";
import { Pins } from "core/host/bpf/pins.ts";
import { type PreflightOptions, requireAll } from "core/host/bpf/preflight.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { errorLines } from "core/program/error_lines.ts";
import type { Io } from "core/program/io.ts";
import { UsageError } from "core/program/usage_error.ts";

/** Paths of a run that loads. */
export interface Place extends PreflightOptions {
  readonly pins: Pins;
}

/** The place that the flags of `load` and `run` name. */
export function placeOf(parsed: ParsedCommand): Place {
  const bpffs = pathFlag(parsed, "bpffs-path");
  return {
    pins: new Pins(bpffs),
    bpffs,
    cgroup: pathFlag(parsed, "cgroup-path"),
    mountBpffs: parsed.on("mount-bpffs"),
  };
}

/** The cgroup to attach to; undefined where the node lacks something, of which each is told on stderr. */
export function cgroupOf(place: Place, io: Io): string | undefined {
  try {
    return requireAll(place);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    for (const one of error.errors) io.err(errorLines(one, io));
    return undefined;
  }
}

/**
 * The pins of commands that load nothing.
 *
 * @throws {KumaError} `KUMA-BPF-022` where no BPF file system is there, so that nobody takes a wrong path for a node
 *   without programs.
 */
export function existingPins(parsed: ParsedCommand): Pins {
  const bpffs = pathFlag(parsed, "bpffs-path");
  if (fileSystemAt(bpffs) === FILE_SYSTEMS.bpf) return new Pins(bpffs);
  throw new KumaError("KUMA-BPF-022", `no BPF file system is mounted at ${bpffs}`, {
    hint: "give the path that the programs were loaded with: --bpffs-path",
  });
}

/**
 * An absolute path that a flag holds, without a slash at its end.
 *
 * @throws {UsageError} for another one
 */
export function pathFlag(parsed: ParsedCommand, flag: string): string {
  const text = parsed.text(flag) ?? "";
  if (text.startsWith("/") && !text.includes("\0")) return text.replace(/(.)\/+$/, "$1");
  throw new UsageError(`--${flag}: '${shown(text)}' is no absolute path`, {}, "KUMA-BPF-026");
}
