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
    if (packages.includes("firewalld") && await exists("/run/systemd/system")) {
      await runOk("systemctl", ["disable", "--quiet", "firewalld"]);
      say("firewalld is installed for the tests, and disabled as a service");
    }
  } catch (cause) {
    throw new KumaError("KUMA-BUILD-008", `Cannot install packages: ${errorText(cause)}`, {
      cause,
      hint: `install them yourself: ${packages.join(" ")}`,
    });
  } finally {
    if (ownPolicy) await Deno.remove(POLICY);
  }
}
