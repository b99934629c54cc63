/**
 * What has changed around an installation, and what becomes of it.
 *
 * @module
 */
import { AFTER_SECTIONS } from "core/check/host_after.ts";
import { failed, ok, type Outcome, outcomeOf, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { interfaceNames, isUp, loopbackInterface } from "core/host/interfaces.ts";
import { readProcFile } from "core/host/proc.ts";
import { lookUpUid, readPasswd } from "core/host/users.ts";
import { parseVirtualNetwork } from "core/grammar/vnet.ts";
import type { Told } from "../status_look.ts";
import type { HostSubject } from "./subject.ts";

/** The section; nothing of it applies where nothing is installed. */
export function placeSection(subject: HostSubject, told: () => Promise<Told>): Section {
  const present = (judge: (told: Told) => Outcome | undefined) => async () => {
    const found = await told().catch(() => undefined);
    return found === undefined || found.status.state === "absent" ? undefined : judge(found);
  };
  return section("place", AFTER_SECTIONS.place, {
    "place-user": present((told) => subject.elsewhere ? undefined : user(told)),
    "place-loopback": () => {
      const name = loopbackInterface();
      return isUp(name) ? ok(name) : failed(`${name} is down`);
    },
    "place-networks": present(() => networks(subject)),
    "place-reboot": present((told) => subject.elsewhere ? undefined : reboot(told)),
  });
}

function user({ record }: Told): Outcome | undefined {
  if (record === undefined) return undefined;
  try {
    const now = lookUpUid(record.document.kumaDPUser, readPasswd());
    return now === record.uid
      ? ok(`UID ${now}`)
      : failed(`its UID was ${record.uid}, and is ${now} now`);
  } catch (error) {
    return outcomeOf(error, ["KUMA-HOST-150"]);
  }
}

function networks({ document }: HostSubject): Outcome | undefined {
  const wanted = document.redirect.vnet.networks.map((text) => parseVirtualNetwork(text).iface);
  if (wanted.length === 0) return undefined;
  const there = interfaceNames(readProcFile("/proc/thread-self/net/dev"));
  const missing = [...new Set(wanted)].filter((name) =>
    !there.some((one) => name.endsWith("+") ? one.startsWith(name.slice(0, -1)) : one === name)
  );
  return missing.length === 0
    ? ok(wanted.join(", "))
    : warning(missing.map((name) => `no interface ${name} is here`));
}

function reboot({ record, document }: Told): Outcome {
  if ((record?.document ?? document).storeFirewalld) return ok("firewalld puts the rules in");
  return warning("nothing puts the rules in when the machine starts");
}
