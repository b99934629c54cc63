/**
 * What outlives a restart: the part of `install` and `uninstall transparent-proxy` that speaks to systemd's folders.
 *
 * @module
 */
import { bootChanges, lookAtBoot, planBoot, removeBoot, writeBoot } from "core/host/boot_unit.ts";
import type { HostChange } from "core/host/transparent_proxy/host_change.ts";
import type { Logger } from "core/log/logger.ts";
import type { Io } from "core/program/io.ts";
import { BOOT_UNIT } from "core/proxy/boot_unit_name.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";

/**
 * Writes the unit where that was asked for, or shows it in a dry run; else says so where an older one is there that
 * would put in other settings.
 *
 * @returns what is different then
 * @throws {KumaError} `KUMA-TP-240`, `KUMA-HOST-130`, `-131`; the rules are in all the same.
 */
export function persist(
  config: TransparentProxyConfig,
  asked: boolean,
  { io, logger }: { readonly io: Io; readonly logger: Logger },
): HostChange[] {
  if (!asked) {
    for (const problem of lookAtBoot(config)?.problems ?? []) {
      logger.warn(`what a restart puts in: ${problem}; --persist systemd puts it right`);
    }
    return [];
  }
  const plan = planBoot(config);
  const changes = bootChanges(plan);
  if (config.dryRun) {
    for (const { subject, after = [] } of changes) {
      io.out(`\n### ${subject} ###\n\n${after.join("\n")}\n`);
    }
    return changes;
  }
  writeBoot(plan);
  io.out(
    changes.length === 0
      ? `${BOOT_UNIT} installs the same at each start of this machine already.\n`
      : `${BOOT_UNIT} installs the same at each start of this machine.\n`,
  );
  return changes;
}

/**
 * Takes the unit away, or says in a dry run that it would go.
 *
 * @returns what is different then
 */
export function unpersist(dryRun: boolean, io: Io): HostChange[] {
  const changes = bootChanges(undefined);
  if (!dryRun) removeBoot();
  else for (const { subject } of changes) io.out(`the file ${subject} would go\n`);
  return changes;
}
