/**
 * What has changed around an installation, and what becomes of it.
 *
 * @module
 */
import { AFTER_SECTIONS } from "core/check/host_after.ts";
import { failed, ok, type Outcome, warning } from "core/check/outcome.ts";
import { type Look, type Section, section } from "core/check/run.ts";
import { isUp, loopbackInterface } from "core/host/interfaces.ts";
import { holdsOurIpv6 } from "core/host/nftables/surroundings.ts";
import { surroundingsFit } from "core/host/transparent_proxy/surroundings_fit.ts";
import { type Told, userChanged } from "../status_look.ts";
import type { HostSubject } from "./subject.ts";

/** The section; nothing of it applies where nothing is installed. */
export function placeSection(subject: HostSubject, told: () => Promise<Told>): Section {
  const present = (judge: (told: Told) => ReturnType<Look>) => async () => {
    const found = await told().catch(() => undefined);
    return found === undefined || found.status.state === "absent" ? undefined : await judge(found);
  };
  return section("place", AFTER_SECTIONS.place, {
    "place-user": present((told) => subject.elsewhere ? undefined : user(told)),
    "place-loopback": () => {
      const name = loopbackInterface();
      return isUp(name) ? ok(name) : failed(`${name} is down`);
    },
    // The programs look at addresses and interfaces as they come; their own problems are told as differences.
    "place-fits": present((told) =>
      told.status.backends.includes("eBPF") ? undefined : fits(subject, told)
    ),
    "place-reboot": present((told) => subject.elsewhere ? undefined : reboot(told)),
  });
}

function user({ record }: Told): Outcome | undefined {
  if (record === undefined) return undefined;
  const changed = userChanged(record);
  return changed === undefined ? ok(`UID ${record.uid}`) : failed(changed);
}

async function fits(
  { resolved, around, elsewhere }: HostSubject,
  { record }: Told,
): Promise<Outcome> {
  const place = { config: await resolved(), ipv6: holdsOurIpv6(await around()) };
  // Another namespace's resolv.conf is not here.
  const { misfits, notes } = surroundingsFit(place, elsewhere ? undefined : record);
  if (misfits.length > 0) return failed([...misfits, ...notes]);
  return notes.length > 0 ? warning(notes) : ok();
}

function reboot({ record, document, persistence }: Told): Outcome {
  if (persistence !== undefined) {
    const { unit, problems } = persistence;
    return problems.length === 0 ? ok(`${unit} puts the rules in`) : failed(problems);
  }
  if ((record?.document ?? document).storeFirewalld) return ok("firewalld puts the rules in");
  return warning("nothing puts the rules in when the machine starts");
}
