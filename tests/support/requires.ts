/**
 * Tests that need something of the machine say so by name. Where it is missing, such a test is
 * skipped with the reason in its name on a person's machine, and fails where `CI=true`: there a
 * missing capability is a broken build script, and a skipped test would hide it.
 *
 * ```ts
 * const test = requires("root", "netns");
 * test("a rule lands in the namespace", async () => { … });
 * ```
 *
 * @module
 */
import { effectiveUserId } from "core/host/libc.ts";
import { isFile } from "core/host/presence.ts";
import { canLimit } from "./limited_group.ts";
import { which } from "./processes.ts";

// Opens the C library, which then stays open: a test that came to be the first to need it would be said to leak it.
if (Deno.build.os === "linux") effectiveUserId();

/** What a test may need. */
export type Capability =
  | "root"
  | "netns"
  | "iptables-nft"
  | "iptables-legacy"
  | "cgroup-limits"
  | "go"
  | "etcd"
  | "kubectl"
  | "podman"
  | "debian"
  | "cni-plugins"
  | "containerd"
  | "qemu"
  | "firewalld"
  | "bpf-build"
  | "native-build"
  | "cgroup2"
  | "bash"
  | "zsh"
  | "fish"
  | "man"
  | "promtool"
  | "chromium"
  | "loop"
  | "perl"
  | "systemd"
  | "strace";

/** Registers a test under the conditions given to {@linkcode requires}. */
export interface TestRegistrar {
  (name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void;
  (
    name: string,
    options: Omit<Deno.TestDefinition, "name" | "fn">,
    fn: (t: Deno.TestContext) => void | Promise<void>,
  ): void;
}

/** How each capability is found out, and what a person does to get it. */
const PROBES: Record<Capability, { present: () => boolean; cure: string }> = {
  bash: { present: () => which("bash") !== undefined, cure: "install bash" },
  zsh: { present: () => which("zsh") !== undefined, cure: "install zsh" },
  fish: { present: () => which("fish") !== undefined, cure: "install fish" },
  man: {
    present: () => which("groff") !== undefined && which("mandoc") !== undefined,
    cure: "install groff and mandoc",
  },
  promtool: { present: () => which("promtool") !== undefined, cure: "install prometheus" },
  root: { present: () => Deno.uid() === 0, cure: "run the tests as root" },
  netns: {
    present: () => which("ip") !== undefined && succeeds("unshare", "--net", "true"),
    cure: "run as root (or with CAP_SYS_ADMIN) and install iproute2",
  },
  "iptables-nft": {
    present: () => succeeds("iptables-nft", "--version"),
    cure: "install iptables",
  },
  "iptables-legacy": {
    present: () => succeeds("iptables-legacy", "--version"),
    cure: "install iptables",
  },
  "cgroup-limits": {
    present: () => Deno.uid() === 0 && canLimit(),
    cure: "run as root, with the cpu and memory controllers of control groups",
  },
  go: { present: () => succeeds("go", "version"), cure: "install Go 1.24 or newer" },
  etcd: {
    present: () => Deno.env.has("KUBEBUILDER_ASSETS") || succeeds("go", "version"),
    cure: "set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver, or install Go",
  },
  kubectl: {
    present: () => {
      const given = Deno.env.get("KUBEBUILDER_ASSETS");
      return given ? isFile(`${given}/kubectl`) : succeeds("go", "version");
    },
    cure: "put kubectl into the folder of KUBEBUILDER_ASSETS, or unset it and install Go",
  },
  podman: {
    present: () => Deno.uid() === 0 && succeeds("podman", "info") && which("runc") !== undefined,
    cure: "install podman and runc, and run the tests as root",
  },
  debian: {
    present: () => isFile("/usr/bin/dpkg-query") && isFile("/usr/bin/apt-get"),
    cure: "run on Debian or Ubuntu, whose packages go into the images",
  },
  "cni-plugins": {
    present: () => isFile("/usr/lib/cni/bridge") || isFile("/opt/cni/bin/bridge"),
    cure: "install containernetworking-plugins",
  },
  containerd: {
    present: () =>
      Deno.uid() === 0 && which("containerd") !== undefined && which("runc") !== undefined,
    cure: "install containerd and runc, and run the tests as root",
  },
  qemu: {
    present: () => which("qemu-aarch64-static") !== undefined,
    cure: "install qemu-user-static, libc6-arm64-cross and libgcc-s1-arm64-cross",
  },
  firewalld: {
    present: () => which("firewalld") !== undefined || isFile("/usr/sbin/firewalld"),
    cure: "install firewalld and dbus",
  },
  "bpf-build": {
    present: () =>
      which("clang") !== undefined && which("llvm-strip") !== undefined &&
      isFile("/usr/include/bpf/bpf_helpers.h"),
    cure: "install clang, llvm, libbpf-dev and linux-libc-dev",
  },
  "native-build": {
    present: () => which("clang") !== undefined && isFile("/usr/include/unistd.h"),
    cure: "install clang and libc6-dev",
  },
  cgroup2: {
    present: () => / - cgroup2 /.test(Deno.readTextFileSync("/proc/self/mountinfo")),
    cure: "mount control groups of version 2",
  },
  perl: { present: () => which("perl") !== undefined, cure: "install perl" },
  strace: { present: () => which("strace") !== undefined, cure: "install strace" },
  systemd: {
    present: () => isFile("/lib/systemd/systemd") && which("systemd-analyze") !== undefined,
    cure: "install systemd",
  },
  chromium: { present: () => which("chromium") !== undefined, cure: "install chromium" },
  loop: {
    present: () => which("mkfs.ext4") !== undefined && succeeds("losetup", "--find"),
    cure: "install e2fsprogs, and run the tests as root where loop devices exist",
  },
};

const known = new Map<Capability, boolean>();

/** Whether this machine has the capability; probed once a process. */
export function has(capability: Capability): boolean {
  let answer = known.get(capability);
  if (answer === undefined) {
    answer = PROBES[capability].present();
    known.set(capability, answer);
  }
  return answer;
}

/** The capabilities among these that this machine lacks. */
export function missing(capabilities: Capability[]): Capability[] {
  return capabilities.filter((capability) => !has(capability));
}

/**
 * Returns what to call in place of `Deno.test` for tests that need all of these. With one missing, the
 * test is ignored and carries the suffix `[needs: …]`, or fails under `CI=true` with what to install.
 */
export function requires(...capabilities: Capability[]): TestRegistrar {
  return requirement(missing(capabilities), Deno.env.get("CI") === "true", (definition) => {
    Deno.test(definition);
  });
}

/** {@linkcode requires} with its three facts given: what lacks, whether this is CI, who registers. */
export function requirement(
  lacking: Capability[],
  ci: boolean,
  register: (definition: Deno.TestDefinition) => void,
): TestRegistrar {
  return (
    name: string,
    second: Omit<Deno.TestDefinition, "name" | "fn"> | Deno.TestDefinition["fn"],
    third?: Deno.TestDefinition["fn"],
  ) => {
    const [options, fn] = typeof second === "function" ? [{}, second] : [second, third];
    if (fn === undefined) throw new TypeError(`Cannot register the test "${name}" without a body`);
    if (lacking.length === 0) return register({ ...options, name, fn });
    const named = `${name} [needs: ${lacking.join(", ")}]`;
    if (!ci) return register({ ...options, name: named, fn, ignore: true });
    const cures = lacking.map((capability) => PROBES[capability].cure).join("; ");
    register({
      ...options,
      name: named,
      fn: () => {
        throw new Error(`This machine lacks ${lacking.join(", ")}: ${cures}`);
      },
    });
  };
}

function succeeds(program: string, ...args: string[]): boolean {
  if (which(program) === undefined) return false;
  return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
}
