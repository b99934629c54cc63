/**
 * The systemd unit that puts the rules in at each start of the machine: written, looked at and taken away. systemd
 * itself is not asked: it reads its folders when the machine starts.
 *
 * Of the three names the link comes last and goes first, so that a run that is killed leaves nothing that acts.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { bootCommand, bootDocument, bootUnit, isOurBootFile } from "core/proxy/boot_unit.ts";
import { BOOT_UNIT } from "core/proxy/boot_unit_name.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { removeIfThere, removeTemporaries, replaceFile, syncDirectory } from "./atomic_file.ts";
import { BOOT_FOLDER, BOOT_LINK, BOOT_UNIT_FILE, BOOT_WANTS, nameAt } from "./boot_files.ts";
import { cString } from "./c_library.ts";
import { errnoText } from "./libc.ts";
import { netnsInode } from "./netns.ts";
import { systemCalls } from "./system_call.ts";
import { type HostChange, real } from "./transparent_proxy/host_change.ts";
import { requireTrusted } from "./trusted_file.ts";

const calls = systemCalls({ symlinkat: ["buffer", "i32", "buffer"] });
const AT_FDCWD = -100;

const FOLDER = BOOT_FOLDER, UNIT = BOOT_UNIT_FILE, WANTS = BOOT_WANTS, LINK = BOOT_LINK;
/** The settings. */
const BOOT_DOCUMENT = "/etc/kuma-transparent-proxy.yaml";

/** What there is of an installation that outlives a restart. */
export interface Persistence {
  /** Path of the unit. */
  readonly unit: string;
  /** Whether systemd starts it. */
  readonly enabled: boolean;
  /** Why it does not do what was installed, one line each. */
  readonly problems: readonly string[];
}

/** What is to be written. */
export interface BootPlan {
  readonly unit: string;
  readonly document: string;
}

/**
 * Plans the unit for `document`, and makes sure that it can be written.
 *
 * @throws {KumaError} `KUMA-TP-240` it cannot do what was asked for, `KUMA-HOST-131` others could change it.
 */
export function planBoot(document: TransparentProxyConfig): BootPlan {
  if (!isSystemdsNetns()) {
    throw refused("systemd (process 1) is in another network namespace than this one");
  }
  if (nameAt(FOLDER)?.isDirectory !== true) throw refused(`there is no folder ${FOLDER}`);
  requireServers(document);
  for (const path of [UNIT, BOOT_DOCUMENT]) {
    if (nameAt(path) !== undefined && ours(path) === undefined) {
      throw refused(`${path} is there, and not ours`);
    }
    // Root does what it says at each start.
    requireTrusted(path);
  }
  requireTrusted(`${WANTS}/any`);
  if (linkTarget() === "other") throw refused(`${LINK} is there, and not ours`);
  const plan = textsOf(document);
  if (plan === undefined) throw refused("this program runs from its sources");
  return plan;
}

/** Writes what was planned. Throws `KUMA-HOST-130`, `KUMA-TP-240`. */
export function writeBoot({ unit, document }: BootPlan): void {
  const attributes = { mode: 0o644 };
  if (ours(BOOT_DOCUMENT) !== document) replaceFile(BOOT_DOCUMENT, document, attributes);
  if (ours(UNIT) !== unit) replaceFile(UNIT, unit, attributes);
  if (linkTarget() === "ours") return;
  try {
    Deno.mkdirSync(WANTS, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw refused(`cannot make the folder ${WANTS}: ${errorText(error)}`);
  }
  const result = calls.symlinkat(cString(UNIT), AT_FDCWD, cString(LINK));
  if (result < 0) throw refused(`cannot make the link ${LINK}: ${errnoText(result)}`);
  syncDirectory(WANTS);
}

/** Takes away what is ours; whether anything was. What somebody else wrote stays. */
export function removeBoot(): boolean {
  const { link, unit, document } = found();
  if (link) removeIfThere(LINK);
  if (unit !== undefined) removeIfThere(UNIT);
  if (document !== undefined) removeIfThere(BOOT_DOCUMENT);
  if (isSystemdsNetns()) { for (const path of [UNIT, BOOT_DOCUMENT]) removeTemporaries(path); }
  return link || unit !== undefined || document !== undefined;
}

/** What {@linkcode writeBoot} would change; what {@linkcode removeBoot} would, without a plan. */
export function bootChanges(plan: BootPlan | undefined): HostChange[] {
  const now = found();
  const lines = (text: string | undefined) => text?.trimEnd().split("\n");
  return real([
    { subject: BOOT_DOCUMENT, before: lines(now.document), after: lines(plan?.document) },
    { subject: UNIT, before: lines(now.unit), after: lines(plan?.unit) },
    { subject: LINK, before: now.link ? [UNIT] : undefined, after: plan ? [UNIT] : undefined },
  ]);
}

/**
 * What there is; undefined where nothing is, or systemd has nothing to do with this network namespace.
 *
 * @param document what was installed; undefined where that is not known
 */
export function lookAtBoot(document: TransparentProxyConfig | undefined): Persistence | undefined {
  if (!isSystemdsNetns()) return undefined;
  const now = found();
  if (nameAt(UNIT) === undefined && !now.link) return undefined;
  const wanted = document === undefined ? undefined : textsOf(document);
  const command = now.unit === undefined ? undefined : bootCommand(now.unit);
  const program = command?.program;
  const problems = [
    ...nameAt(UNIT) !== undefined && now.unit === undefined ? [`${UNIT} is not ours`] : [],
    ...now.link && nameAt(UNIT) === undefined ? [`${LINK} leads nowhere`] : [],
    ...now.unit !== undefined && !now.link ? [`${BOOT_UNIT} is not enabled`] : [],
    ...now.unit !== undefined && now.document === undefined ? [`${BOOT_DOCUMENT} is missing`] : [],
    ...program !== undefined && !isFile(program) ? [`${program} of ${BOOT_UNIT} is missing`] : [],
    ...command !== undefined && wanted !== undefined &&
        command.rest !== bootCommand(wanted.unit).rest
      ? [`${UNIT} runs something else than what was installed`]
      : [],
    ...now.document !== undefined && wanted !== undefined && now.document !== wanted.document
      ? [`${BOOT_DOCUMENT} has other settings than what was installed`]
      : [],
  ];
  return { unit: UNIT, enabled: now.link, problems };
}

function found() {
  if (!isSystemdsNetns()) return { link: false, unit: undefined, document: undefined };
  return { link: linkTarget() === "ours", unit: ours(UNIT), document: ours(BOOT_DOCUMENT) };
}

/** Undefined for a program that is run from its sources. */
function textsOf(document: TransparentProxyConfig): BootPlan | undefined {
  const program = programPath();
  if (program === undefined) return undefined;
  return {
    unit: bootUnit(document, { program, config: BOOT_DOCUMENT }),
    document: bootDocument(document),
  };
}

/** The link in PATH where one leads to this program: it outlives an upgrade. */
function programPath(): string | undefined {
  const own = Deno.execPath();
  if (/\/deno$/.test(own)) return undefined;
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((one) => one.startsWith("/"));
  const path = folders.map((folder) => `${folder}/kumactl`).find((one) => realPath(one) === own) ??
    own;
  // Root runs it, unasked.
  requireTrusted(own);
  return path;
}

/** Servers that only a running network tells are not there before it. */
function requireServers({ redirect: { dns } }: TransparentProxyConfig): void {
  if (!dns.enabled || dns.captureAll) return;
  const path = realPath(dns.resolvConfigPath);
  if (path === undefined || path.startsWith("/run/")) {
    throw refused(
      `${dns.resolvConfigPath} is made when the network is up, and names no DNS server before`,
      "--redirect-all-dns-traffic needs none",
    );
  }
}

/** Whether process 1 is in the network namespace that the main thread is in; false where that cannot be seen. */
function isSystemdsNetns(): boolean {
  try {
    return netnsInode("/proc/1/ns/net") === netnsInode();
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The text of a file of ours; undefined where there is none, or somebody else wrote it. */
function ours(path: string): string | undefined {
  if (nameAt(path)?.isFile !== true) return undefined;
  const text = Deno.readTextFileSync(path);
  return isOurBootFile(text) ? text : undefined;
}

function linkTarget(): "ours" | "other" | "none" {
  const info = nameAt(LINK);
  if (info === undefined) return "none";
  return info.isSymlink && Deno.readLinkSync(LINK) === UNIT ? "ours" : "other";
}

function isFile(path: string): boolean {
  const real = realPath(path);
  return real !== undefined && nameAt(real)?.isFile === true;
}

function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function refused(why: string, hint?: string): KumaError {
  return new KumaError("KUMA-TP-240", `it cannot outlive a restart: ${why}`, {
    hint: hint ?? "without --persist the rules are put in all the same",
  });
}
