/**
 * `kumactl check --pre`.
 *
 * @module
 */
import type { Section } from "core/check/run.ts";
import { KumaError } from "core/errors.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { accessSection, leftoversSection } from "./before_leftovers.ts";
import { portsSection } from "./before_ports.ts";
import { aheadOf, rulesSection, trialOf } from "./before_rules.ts";
import { toolsSection } from "./before_tools.ts";
import { rightsSection, userSection } from "./before_user.ts";
import { limitsSection, othersSection } from "./others.ts";
import { resolverSection } from "./resolver.ts";
import { type HostSubject, hostSubject } from "./subject.ts";

/**
 * All checks of one look.
 *
 * @throws {KumaError} for settings that no installation takes.
 */
export async function sectionsBefore(
  document: TransparentProxyConfig,
  elsewhere: boolean,
): Promise<Section[]> {
  const subject = hostSubject(document, { elsewhere });
  await requireSettings(subject);
  const trial = trialOf(subject);
  return [
    rightsSection(),
    userSection(subject),
    rulesSection(subject, trial),
    toolsSection(subject),
    portsSection(subject),
    resolverSection(subject),
    othersSection(subject, () => aheadOf(trial)),
    leftoversSection(subject),
    limitsSection(),
    accessSection(subject),
  ];
}

/** A bad setting is a mistake of the command line, as at an installation; a user that is not there is a finding. */
async function requireSettings({ resolved }: HostSubject): Promise<void> {
  try {
    await resolved();
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-HOST-150") throw error;
  }
}
