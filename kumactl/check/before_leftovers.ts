/**
 * What an earlier installation has left, and who is at work on this host.
 *
 * @module
 */
import { BEFORE_SECTIONS } from "core/check/host_before.ts";
import { failed, ok, type Outcome, outcomeOf, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { errorText, KumaError } from "core/errors.ts";
import { FirewallJournal } from "core/host/firewall/journal.ts";
import { JOURNAL_DIRECTORY } from "core/host/firewall/journal_directory.ts";
import { close, ERRNO, errnoText, openReadOnly, unwritable } from "core/host/libc.ts";
import { incarnation } from "core/host/incarnation.ts";
import { holdsOurIptables } from "core/host/nftables/surroundings.ts";
import { endangersSsh, SSH_WARNING } from "core/host/ssh_sessions.ts";
import { type InstallRecord, readRecords } from "core/host/transparent_proxy/record.ts";
import { requireTrusted } from "core/host/trusted_file.ts";
import { ebpfHere } from "../status_ebpf.ts";
import { type HostSubject, requireRights } from "./subject.ts";
import { WarningList } from "./warning_list.ts";

const RESOLV_CONF_BACKUP = "/etc/resolv.conf.kuma-backup";

/** What is there of an earlier installation. */
export function leftoversSection({ document, around, elsewhere }: HostSubject): Section {
  return section("leftovers", BEFORE_SECTIONS.leftovers, {
    "leftover-rules": async () => {
      const seen = await around();
      const found = [
        ...seen.ourTable ? ["a table inet kuma-mesh"] : [],
        ...holdsOurIptables(seen) ? ["chains KUMA_MESH_… of iptables"] : [],
        ...await ebpfHere(document) === undefined ? [] : ["eBPF programs"],
      ];
      if (found.length === 0) return ok();
      const record = noted();
      if (record === undefined) return warning(found);
      return ok(`installed ${record.at.slice(0, 10)} by kumactl ${record.version}`);
    },
    "leftover-notes": () => elsewhere ? undefined : notes(),
    "leftover-resolv-conf": () => elsewhere ? undefined : resolvConf(),
  });
}

/** Whether somebody would be cut off. */
export function accessSection({ resolved }: HostSubject): Section {
  return section("access", BEFORE_SECTIONS.access, {
    "access-ssh": async () => {
      const config = await resolved().catch(() => undefined);
      if (config === undefined) return undefined;
      return endangersSsh(config) ? warning(SSH_WARNING) : ok();
    },
  });
}

/** What cannot be read is told by its own check. */
function noted(): InstallRecord | undefined {
  try {
    return readRecords().installed;
  } catch (error) {
    if (error instanceof KumaError) return undefined;
    throw error;
  }
}

function notes(): Outcome {
  requireRights();
  const logger = new WarningList();
  try {
    requireTrusted(`${JOURNAL_DIRECTORY}/any`);
    new FirewallJournal(logger).read();
    readRecords();
  } catch (error) {
    return outcomeOf(error, ["KUMA-HOST-131", "KUMA-TP-042"]);
  }
  if (logger.warnings.length > 0) return failed(logger.warnings);
  const why = unwritableNotes();
  return why === undefined
    ? ok()
    : warning(`${why}: 'kumactl status' will not know what was installed`, {
      todo: "make it writable; the rules themselves need no file",
    });
}

/** Why nothing can be noted; undefined where it can. */
function unwritableNotes(): string | undefined {
  try {
    incarnation();
  } catch (error) {
    return errorText(error);
  }
  // Where the folder is not there yet, it is made in the one above.
  for (const folder of [JOURNAL_DIRECTORY, JOURNAL_DIRECTORY.replace(/\/[^/]*$/, "")]) {
    const descriptor = openReadOnly(folder);
    if (descriptor === -ERRNO.ENOENT) continue;
    if (descriptor < 0) return `${folder} cannot be opened: ${errnoText(descriptor)}`;
    try {
      const why = unwritable(descriptor);
      return why && `nothing can be written into ${folder}: ${why}`;
    } finally {
      close(descriptor);
    }
  }
  return `there is no folder for ${JOURNAL_DIRECTORY}`;
}

function resolvConf(): Outcome {
  try {
    Deno.lstatSync(RESOLV_CONF_BACKUP);
    return warning(`${RESOLV_CONF_BACKUP} is there`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return ok();
    throw error;
  }
}
