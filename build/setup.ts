/**
 * `deno run -A build/setup.ts demo|test|bench`: sees to it that this machine has the programs that these tasks
 * use. On Debian as root it installs what is missing and says so; elsewhere it names it and fails.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { aptInstall, canInstall } from "./apt.ts";
import { exists, run, say } from "./io.ts";
import { hostArch, TARGETS } from "./pins.ts";
import type { Arch } from "./pins.ts";
import { exitOnError } from "./task.ts";

/** A thing that is needed: Debian's package, and the program or file by which it is seen to be there. */
export interface Need {
  package: string;
  probe: string;
  /** Which suites of the tests use it, where not all may. */
  suites?: readonly string[];
}

/** What `deno task demo` needs. */
const DEMO_NEEDS: readonly Need[] = [
  { package: "iptables", probe: "iptables-restore" },
  { package: "iproute2", probe: "ip" },
  { package: "procps", probe: "ps" },
];

/** What making images needs. */
export const IMAGE_NEEDS: readonly Need[] = [{ package: "podman", probe: "podman" }];

/** What compiling the BPF programs needs: clang, the tool that takes debug information out, and both sorts of headers. */
export const BPF_NEEDS: readonly Need[] = [
  { package: "clang", probe: "clang" },
  { package: "llvm", probe: "llvm-strip" },
  { package: "libbpf-dev", probe: "/usr/include/bpf/bpf_helpers.h" },
  { package: "linux-libc-dev", probe: "/usr/include/linux/bpf.h" },
];

/** What compiling the program in front of kuma-cni needs: a linker that knows both architectures. */
export const FRONT_NEEDS: readonly Need[] = [
  { package: "clang", probe: "clang" },
  { package: "lld", probe: "ld.lld" },
];

/** What `deno task test` needs. */
const TEST_NEEDS: readonly Need[] = [
  ...DEMO_NEEDS,
  { package: "nftables", probe: "nft" },
  { package: "conntrack", probe: "conntrack" },
  { package: "firewalld", probe: "firewalld", suites: ["faults", "kernel"] },
  { package: "ipset", probe: "ipset" },
  { package: "strace", probe: "strace" },
  { package: "systemd", probe: "/lib/systemd/systemd" },
  { package: "dbus", probe: "dbus-daemon", suites: ["faults"] },
  { package: "openssl", probe: "openssl" },
  { package: "curl", probe: "curl" },
  { package: "e2fsprogs", probe: "mkfs.ext4" },
  { package: "time", probe: "/usr/bin/time" },
  { package: "zsh", probe: "zsh", suites: ["kernel", "shells", "unit"] },
  { package: "fish", probe: "fish", suites: ["kernel", "shells", "unit"] },
  { package: "man-db", probe: "man", suites: ["build"] },
  { package: "groff-base", probe: "groff", suites: ["build"] },
  { package: "mandoc", probe: "mandoc", suites: ["build"] },
  { package: "prometheus", probe: "promtool", suites: ["build"] },
  { package: "busybox-static", probe: "busybox" },
  { package: "containernetworking-plugins", probe: "/usr/lib/cni/bridge" },
  { package: "qemu-user-static", probe: "qemu-aarch64-static", suites: ["build"] },
  ...BPF_NEEDS,
  ...FRONT_NEEDS,
  { package: "libc6-dev", probe: "/usr/include/unistd.h" },
  { package: "bpftool", probe: "bpftool" },
  ...IMAGE_NEEDS,
  { package: "chromium", probe: "chromium", suites: ["browser"] },
  { package: "runc", probe: "runc" },
  { package: "containerd", probe: "containerd" },
  ...runtimeNeeds("amd64"),
  ...runtimeNeeds("arm64"),
];

/** What of it these suites need. */
export function needsOf(suites: readonly string[]): Need[] {
  return TEST_NEEDS.filter((need) =>
    need.suites === undefined || need.suites.some((suite) => suites.includes(suite))
  );
}

/** What `deno task bench` needs. */
const BENCH_NEEDS: readonly Need[] = TEST_NEEDS;

/** What building a program with the host runtime needs: patchelf, and the C library for another architecture. */
export function runtimeNeeds(arch: Arch): Need[] {
  const needs = [{ package: "patchelf", probe: "patchelf" }];
  if (arch === hostArch()) return needs;
  const lib = `/usr/${TARGETS[arch].multiarch}/lib`;
  return [
    ...needs,
    { package: `libc6-${arch}-cross`, probe: `${lib}/libc.so.6` },
    { package: `libgcc-s1-${arch}-cross`, probe: `${lib}/libgcc_s.so.1` },
  ];
}

/** The oldest Go that builds the API server of the tests. */
const GO = { major: 1, minor: 24 };

/**
 * Makes sure that every need is met; does nothing, and quickly, where all is there.
 *
 * @throws {KumaError} `KUMA-BUILD-008` with what to install, where we cannot or apt-get fails
 */
export async function setUp(needs: readonly Need[]): Promise<void> {
  addSystemFolders();
  const lacking = await missing(needs);
  if (lacking.length === 0) return;
  if (!await canInstall()) {
    throw new KumaError("KUMA-BUILD-008", `This machine lacks ${lacking.join(", ")}`, {
      hint: `install them; on Debian: sudo apt-get install --no-install-recommends ${
        lacking.join(" ")
      }`,
    });
  }
  say(`installing Debian packages: ${lacking.join(" ")}`);
  await aptInstall(lacking);
  const still = await missing(needs);
  if (still.length === 0) return;
  throw new KumaError("KUMA-BUILD-008", `Installed, yet not to be found: ${still.join(", ")}`);
}

/** What the demo needs; who may not make network namespaces learns that before anything is downloaded. */
export async function setUpDemo(uid: number | null = Deno.uid()): Promise<void> {
  if (uid !== 0) {
    throw new KumaError("KUMA-BUILD-008", "The demo needs root: it makes network namespaces", {
      hint: "run it with sudo -E, or as root in a container or virtual machine",
    });
  }
  await setUp(DEMO_NEEDS);
}

/** Puts the folders of system programs on our PATH: `su` without `-` leaves root one that has no iptables. */
function addSystemFolders(): void {
  const folders = (Deno.env.get("PATH") ?? "/usr/bin:/bin").split(":");
  const lacking = ["/usr/sbin", "/sbin"].filter((folder) => !folders.includes(folder));
  if (lacking.length > 0) Deno.env.set("PATH", [...folders, ...lacking].join(":"));
}

/** The packages among these whose probe finds nothing. */
export async function missing(needs: readonly Need[]): Promise<string[]> {
  const lacking: string[] = [];
  for (const need of needs) if (!await isPresent(need.probe)) lacking.push(need.package);
  return [...new Set(lacking)];
}

async function isPresent(probe: string): Promise<boolean> {
  if (probe.startsWith("/")) return await exists(probe);
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (folder !== "" && await isThere(`${folder}/${probe}`)) return true;
  }
  return false;
}

/** As a shell looks for a program: a folder of the PATH that we may not enter has none for us. */
export async function isThere(
  path: string,
  look: (path: string) => Promise<boolean> = exists,
): Promise<boolean> {
  try {
    return await look(path);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/**
 * Says in one line when there is no Go that is new enough: without it, and without `KUBEBUILDER_ASSETS`, the tests that
 * need an API server skip, or fail in CI. Not every Debian has one to install, so this is no failure here.
 */
export async function noteGo(): Promise<void> {
  if (Deno.env.has("KUBEBUILDER_ASSETS")) return;
  const version = await goVersion();
  if (version !== undefined && isNewEnough(version)) return;
  const found = version === undefined ? "no Go" : `only Go ${version}`;
  say(`${found} on the PATH: tests with an API server need Go ${GO.major}.${GO.minor} or newer`);
}

/** Whether a version such as `1.24.3` can build the API server. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > GO.major || (major === GO.major && minor >= GO.minor);
}

async function goVersion(): Promise<string | undefined> {
  if (!await isPresent("go")) return undefined;
  const { stdout } = await run("go", ["version"]);
  return /go(\d+\.\d+(\.\d+)?)/.exec(stdout)?.[1];
}

if (import.meta.main) {
  await exitOnError(async () => {
    const [what] = Deno.args;
    if (what === "demo") await setUpDemo();
    else if (what === "test") await setUp(TEST_NEEDS);
    else if (what === "bench") await setUp(BENCH_NEEDS);
    else throw new KumaError("KUMA-BUILD-008", "Cannot set up: say demo, test or bench");
  });
}
