/**
 * `kumactl check` after an installation.
 *
 * @module
 */
import { once } from "core/check/once.ts";
import { ok, warning } from "core/check/outcome.ts";
import type { Section } from "core/check/run.ts";
import { describeAhead } from "core/host/transparent_proxy/describe_ahead.ts";
import { silentLogger } from "core/log/logger.ts";
import type { LoadedConfiguration } from "../configuration.ts";
import { lookForStatus } from "../status_look.ts";
import { listenersSection } from "./after_listeners.ts";
import { placeSection } from "./after_place.ts";
import { proxySection } from "./after_proxy.ts";
import { limitsSection, othersSection } from "./others.ts";
import { resolverSection } from "./resolver.ts";
import { hostSubject, requireRights } from "./subject.ts";

/** All checks of one look; `given`: whether settings were given, which count then, and not what was installed. */
export async function sectionsAfter(
  wanted: LoadedConfiguration,
  { given, elsewhere }: { readonly given: boolean; readonly elsewhere: boolean },
): Promise<Section[]> {
  const told = once(() => {
    requireRights();
    return lookForStatus(wanted, { given, elsewhere, logger: silentLogger });
  });
  // Where what was installed cannot be read, the rest is held against the settings of the command line.
  const found = await told().catch(() => undefined);
  const document = found?.document ?? wanted.config;
  const uid = found?.compared === "record" ? found.record?.uid : undefined;
  const subject = hostSubject(document, { elsewhere, uid });
  return [
    proxySection(told),
    listenersSection(subject, told),
    placeSection(subject, told),
    resolverSection(subject),
    othersSection(subject, async () => {
      const { status } = await told();
      if (status.state === "absent") return undefined;
      const ahead = status.ahead.filter(({ bypasses }) => bypasses).map(describeAhead);
      return ahead.length === 0 ? ok() : warning(ahead);
    }),
    limitsSection(),
  ];
}
