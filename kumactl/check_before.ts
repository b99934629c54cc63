/**
 * What `kumactl check --pre` looks at.
 *
 * @module
 */
import { BEFORE_SECTIONS } from "core/check/host_before.ts";
import { failed, failedBy, ok, type Outcome } from "core/check/outcome.ts";
import { once } from "core/check/once.ts";
import { section } from "core/check/run.ts";
import { KumaError } from "core/errors.ts";
import { currentPrivileges } from "core/host/privileges.ts";
import { lookUpUid, readPasswd } from "core/host/users.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { isUserName, sidecarUid } from "core/proxy/resolve.ts";
import type { Subject } from "./check.ts";
import { loadConfiguration } from "./configuration.ts";

/** Reads the settings that an installation would have, and makes the checks of it. */
export async function beforeInstallation(
  { flags }: ParsedCommand,
  io: Io,
): Promise<Subject> {
  const settings = flags.filter(({ flag }) => flag !== "wait");
  const { config } = await loadConfiguration(settings, io);
  return () => [rightsSection(), userSection(config)];
}

function rightsSection() {
  return section("rights", BEFORE_SECTIONS.rights, {
    "rights-root": () => {
      const { effectiveUid } = currentPrivileges();
      return effectiveUid === 0 ? ok() : failed(`it runs as user ${effectiveUid}`);
    },
    "rights-net-admin": () =>
      currentPrivileges().has("CAP_NET_ADMIN") ? ok() : failed("it is missing"),
  });
}

function userSection(config: TransparentProxyConfig) {
  const uid = once(() =>
    config.cniMode && !isUserName(config.kumaDPUser)
      ? sidecarUid(config)
      : lookUpUid(config.kumaDPUser, readPasswd())
  );
  return section("user", BEFORE_SECTIONS.user, {
    "user-exists": async () => {
      try {
        return ok(`UID ${await uid()}`);
      } catch (error) {
        if (error instanceof KumaError) return failedBy(error);
        throw error;
      }
    },
    "user-not-root": async (): Promise<Outcome | undefined> => {
      const found = await uid().catch(() => undefined);
      if (found === undefined) return undefined;
      return found === 0 ? failed("its UID is 0") : ok();
    },
  });
}
