/**
 * Rights and users before an installation.
 *
 * @module
 */
import { BEFORE_SECTIONS } from "core/check/host_before.ts";
import { failed, ok, outcomeOf } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { currentPrivileges } from "core/host/privileges.ts";
import type { HostSubject } from "./subject.ts";

/** Whether this process may install. */
export function rightsSection(): Section {
  return section("rights", BEFORE_SECTIONS.rights, {
    "rights-root": () => {
      const { effectiveUid } = currentPrivileges();
      return effectiveUid === 0 ? ok() : failed(`it runs as user ${effectiveUid}`);
    },
    "rights-net-admin": () =>
      currentPrivileges().has("CAP_NET_ADMIN") ? ok() : failed("this process does not have it"),
  });
}

/** Whose traffic would be left alone. */
export function userSection({ resolved }: HostSubject): Section {
  return section("user", BEFORE_SECTIONS.user, {
    "user-exists": async () => {
      try {
        return ok(`UID ${(await resolved()).uid}`);
      } catch (error) {
        return outcomeOf(error, ["KUMA-HOST-150"]);
      }
    },
    "user-not-root": async () => {
      const found = await resolved().catch(() => undefined);
      if (found === undefined) return undefined;
      return found.uid === 0 ? failed("its UID is 0") : ok();
    },
  });
}
