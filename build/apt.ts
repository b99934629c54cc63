/**
 * Installs Debian packages without letting any of them start a service: a firewalld that comes up on
 * somebody's machine because our tests want its binary would cut that machine off.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { exists, runOk, say } from "./io.ts";

/** invoke-rc.d(8) asks this program first; exit code 101 forbids every start. */
const POLICY = "/usr/sbin/policy-rc.d";

/** What packages enable for the next start of the machine, and we disable again. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  firewalld: ["firewalld.service"],
  "man-db": ["man-db.timer"],
  prometheus: ["prometheus.service"],
  podman: [
    "podman.socket",
    "podman.service",
    "podman-restart.service",
    "podman-auto-update.service",
    "podman-auto-update.timer",
  ],
};

/** True on a Debian-like system where we are root. */
export async function canInstall(): Promise<boolean> {
  return Deno.uid() === 0 && await exists("/etc/debian_version") &&
    await exists("/usr/bin/apt-get");
}

/**
 * Installs the packages. Their services are neither started now nor enabled for the next start.
 *
 * @throws {KumaError} `KUMA-BUILD-008` with what apt-get said
 */
export async function aptInstall(packages: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const quiet = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
  const ownPolicy = !await exists(POLICY);
  try {
    if (ownPolicy) await Deno.writeTextFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    await runOk("apt-get", ["update", "-qq"], { env });
    await runOk("apt-get", ["install", ...quiet, ...packages], { env });
    for (const name of packages) await disableUnits(name);
  } catch (cause) {
    throw new KumaError("KUMA-BUILD-008", `Cannot install packages: ${errorText(cause)}`, {
      cause,
      hint: `install them yourself: ${packages.join(" ")}`,
    });
  } finally {
    if (ownPolicy) await Deno.remove(POLICY);
  }
}

/** Links of units are files: they are taken away where systemd is installed, whether or not it runs. */
async function disableUnits(name: string): Promise<void> {
  if (!await exists("/usr/bin/systemctl")) return;
  const there: string[] = [];
  // Not every release of a package has all of them, and systemctl fails for one that it does not know.
  for (const unit of UNITS[name] ?? []) {
    if (await exists(`/lib/systemd/system/${unit}`)) there.push(unit);
  }
  if (there.length === 0) return;
  await runOk("systemctl", ["disable", "--quiet", ...there]);
  say(`${name} is installed, and disabled as a service`);
}
