/**
 * What is in place in the network namespace that the main thread is in, compared with what was wanted: the one look
 * of `kumactl status` and `kumactl check`.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { hasBootFiles } from "core/host/boot_files.ts";
import type { Persistence } from "core/host/boot_unit.ts";
import { type InstallRecord, readRecords } from "core/host/transparent_proxy/record.ts";
import { type HostStatus, statusOfTransparentProxy } from "core/host/transparent_proxy/status.ts";
import { lookUpUid, readPasswd } from "core/host/users.ts";
import type { Logger } from "core/log/logger.ts";
import type { GivenFlag } from "core/program/command.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { settingOfFlag } from "core/proxy/sources.ts";
import { COMMIT, VERSION } from "core/version.ts";
import type { LoadedConfiguration } from "./configuration.ts";
import { withEbpf } from "./status_ebpf.ts";

/** What was found and what it was compared with. */
export interface Told {
  readonly status: HostStatus;
  readonly record: InstallRecord | undefined;
  readonly document: TransparentProxyConfig;
  readonly sources: Readonly<Record<string, string>>;
  readonly compared: "flags" | "record";
  /** What makes the installation outlive a restart; absent where nothing does. */
  readonly persistence?: Persistence | undefined;
}

/** How to look. */
export interface LookOptions {
  /** Whether any setting was given with the command: then it counts, and not what was installed. */
  readonly given: boolean;
  /** Whether the namespace is not that of this host's files. */
  readonly elsewhere: boolean;
  readonly logger: Logger;
}

/** Whether a command line has any setting. */
export function givesSettings(flags: readonly GivenFlag[]): boolean {
  return flags.some(({ flag }) => {
    const key = settingOfFlag(flag)?.key;
    // That one says where to look.
    return flag.startsWith("config") || key !== undefined && key !== "ebpf.bpffsPath";
  });
}

/**
 * Looks. Changes nothing.
 *
 * @param wanted the settings of the command line
 * @throws {KumaError} what there is cannot be looked at.
 */
export async function lookForStatus(
  wanted: LoadedConfiguration,
  options: LookOptions,
): Promise<Told> {
  const told = await lookAtRules(wanted, options);
  if (options.elsewhere || !hasBootFiles()) return told;
  const { lookAtBoot } = await import("core/host/boot_unit.ts");
  const persistence = lookAtBoot(told.record?.document);
  if (persistence === undefined) return told;
  const { status } = told;
  const misfits = [...status.misfits, ...persistence.problems];
  const state = misfits.length > 0 && status.state !== "absent" ? "drifted" : status.state;
  return { ...told, persistence, status: { ...status, state, misfits } };
}

async function lookAtRules(wanted: LoadedConfiguration, options: LookOptions): Promise<Told> {
  const { installed, intended } = readRecords();
  if (options.given || installed === undefined && intended === undefined) {
    return {
      status: await lookWith(wanted.config, undefined, options),
      record: installed,
      document: wanted.config,
      sources: Object.fromEntries(wanted.provenance),
      compared: "flags",
    };
  }
  if (intended === undefined) return await lookByRecord(installed!, options);
  return await lookAfterKill(intended, installed, options);
}

async function lookByRecord(record: InstallRecord, options: LookOptions): Promise<Told> {
  const { document, sources } = record;
  const status = await lookWith(document, record, options);
  return { status, record, document, sources, compared: "record" };
}

/** An installation did not say how it ended: its rules are in, those of the one before, or something between. */
async function lookAfterKill(
  intended: InstallRecord,
  installed: InstallRecord | undefined,
  options: LookOptions,
): Promise<Told> {
  const began = `an installation that began ${timeText(intended.at)} was killed`;
  const told = await lookByRecord(intended, options);
  if (rulesFit(told)) {
    return noted(told, `${began} before it noted that it was done: its rules are in place`);
  }
  const before = installed === undefined ? undefined : await lookByRecord(installed, options);
  if (before !== undefined && rulesFit(before)) {
    return noted(before, `${began} before it changed anything`);
  }
  if (told.status.state === "absent") return noted(told, `${began} before it changed anything`);
  const { status } = told;
  const differences = [`${began} halfway`, ...status.differences];
  return { ...told, status: { ...status, state: "drifted", differences } };
}

function rulesFit({ status: { state, differences } }: Told): boolean {
  return state !== "absent" && differences.length === 0;
}

function noted(told: Told, note: string): Told {
  return { ...told, status: { ...told.status, notes: [...told.status.notes, note] } };
}

async function lookWith(
  document: TransparentProxyConfig,
  record: InstallRecord | undefined,
  { elsewhere, logger, given }: LookOptions,
): Promise<HostStatus> {
  // The users of another namespace's files are not this host's: a number is taken as it is, as in kuma-cni.
  const compared = elsewhere && record === undefined ? { ...document, cniMode: true } : document;
  const known = record === undefined ? {} : { record, uid: record.uid };
  const rules = await statusOfTransparentProxy(compared, { logger, ...known });
  const status = await withEbpf(rules, compared, { logger, given, ...known });
  if (record === undefined) return status;
  const changed = status.state === "absent" || elsewhere ? undefined : userChanged(record);
  const other = record.version === VERSION && record.commit === COMMIT ? [] : [
    `installed by version ${versionText(record)}; this is ${
      versionText({ version: VERSION, commit: COMMIT })
    }`,
  ];
  const whole = { ...status, notes: [...status.notes, ...other] };
  if (changed === undefined) return whole;
  return { ...whole, state: "drifted", misfits: [...whole.misfits, changed] };
}

/** Rules know users by number: whoever has the name now, they leave alone the one who had it then. */
export function userChanged({ document, uid }: InstallRecord): string | undefined {
  const then = `it was ${uid} at the installation`;
  try {
    const now = lookUpUid(document.kumaDPUser, readPasswd());
    return now === uid ? undefined : `user ${document.kumaDPUser} has the UID ${now}, and ${then}`;
  } catch (error) {
    if (!(error instanceof KumaError)) throw error;
    return `${errorText(error)}; ${then}`;
  }
}

function versionText({ version, commit }: Pick<InstallRecord, "version" | "commit">): string {
  return commit === "" ? version : `${version} (${commit.slice(0, 12)})`;
}

/** A moment of a record, for people: `2026-11-27 17:08:03 UTC`. */
export function timeText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}
