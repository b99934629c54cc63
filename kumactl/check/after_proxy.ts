/**
 * What is installed, as `kumactl status` finds it.
 *
 * @module
 */
import { AFTER_SECTIONS } from "core/check/host_after.ts";
import { failed, ok, type Outcome, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { COMMIT, VERSION } from "core/version.ts";
import { readRecords } from "core/host/transparent_proxy/record.ts";
import { timeText, type Told } from "../status_look.ts";

/** The section; `told` fails where what there is cannot be looked at. */
export function proxySection(told: () => Promise<Told>): Section {
  /** Only where anything is installed; that nothing is, or cannot be seen, is told by the first check. */
  const present = (judge: (told: Told) => Outcome | undefined) => async () => {
    const found = await told().catch(() => undefined);
    return found === undefined || found.status.state === "absent" ? undefined : judge(found);
  };
  return section("proxy", AFTER_SECTIONS.proxy, {
    "proxy-installed": async () => installed(await told()),
    "proxy-as-wanted": present(({ status: { differences }, compared }) =>
      differences.length > 0
        ? failed(differences)
        : ok(compared === "record" ? "as it was installed" : "as these settings want it")
    ),
    "proxy-one-backend": present(({ status: { backends } }) =>
      backends.length > 1 ? failed(`${backends.join(" and ")} hold rules of ours`) : ok()
    ),
    "proxy-finished": present(() => {
      const { intended } = readRecords();
      if (intended === undefined) return ok();
      return warning(
        `an installation that began ${timeText(intended.at)} did not say how it ended`,
      );
    }),
    "proxy-version": present(({ record }) => {
      if (record === undefined) return undefined;
      if (record.version === VERSION && record.commit === COMMIT) return ok(VERSION);
      const text = `it was installed by ${record.version} (${record.commit})`;
      return warning(`${text}; this is ${VERSION} (${COMMIT})`);
    }),
  });
}

function installed({ status: { state, backends }, record }: Told): Outcome {
  const since = record === undefined ? undefined : timeText(record.at);
  if (state !== "absent") {
    const by = backends.join(" and ");
    return ok(since === undefined ? by : `${by}, since ${since}`);
  }
  const nothing = "no rule of ours is in this network namespace";
  return failed(
    since === undefined
      ? nothing
      : [nothing, `it was installed ${since}: somebody has removed it since`],
  );
}
