/**
 * What the programs need of a node, looked at before anything is changed: each thing that is missing is one line that
 * says what to do.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { cgroup2Mount, parseMounts } from "core/bpf/mounts.ts";
import { currentPrivileges, type Privileges } from "../privileges.ts";
import { readProcFile } from "../proc.ts";
import { entriesOf, FILE_SYSTEMS, fileSystemAt, mountBpffs } from "./bpffs.ts";
import { libbpfVersion } from "./libbpf.ts";
import { netnsCookie } from "./netns_cookie.ts";

/** Where to look. */
export interface PreflightOptions {
  /** Where the BPF file system is to be. */
  readonly bpffs: string;
  /** A cgroup of version 2, or a folder above the place where they are mounted. */
  readonly cgroup: string;
  /** Mount a BPF file system where there is none. */
  readonly mountBpffs: boolean;
}

/** One thing that was looked at. */
export interface Finding {
  /** What it is about: `libbpf`, `bpffs`. */
  readonly about: string;
  /** What is there. */
  readonly is: string;
  /** Why that is not enough, as an error; undefined where it is. */
  readonly lacks?: KumaError;
}

/** What was found. */
export interface Preflight {
  readonly findings: readonly Finding[];
  /** Folder of the cgroup to attach to; undefined where there is none. */
  readonly cgroup: string | undefined;
}

/** Looks at everything. Changes nothing, but for mounting a BPF file system where that was asked for. */
export function preflight(options: PreflightOptions): Preflight {
  const cgroup = attempt("cgroup", () => findCgroup(options.cgroup));
  const findings = [
    attempt("libbpf", () => `libbpf ${libbpfVersion()}`),
    attempt("kernel", kernel),
    attempt("namespace cookies", () => `the kernel gives them (${netnsCookie() > 0n})`),
    attempt("capabilities", () => capabilities(currentPrivileges())),
    attempt("locked memory", lockedMemory),
    cgroup,
    attempt("BPF file system", () => bpffs(options)),
  ];
  return { findings, cgroup: cgroup.lacks === undefined ? cgroup.is : undefined };
}

/**
 * The cgroup to attach to, with everything else that is needed there.
 *
 * @throws {AggregateError} of {@linkcode KumaError}, one for each thing that is missing.
 */
export function requireAll(options: PreflightOptions): string {
  const { findings, cgroup } = preflight(options);
  const lacking = findings.flatMap(({ lacks }) => lacks ?? []);
  if (lacking.length === 0 && cgroup !== undefined) return cgroup;
  throw new AggregateError(lacking, "this node lacks something that the eBPF programs need");
}

function attempt(about: string, look: () => string): Finding {
  try {
    return { about, is: look() };
  } catch (error) {
    const lacks = error instanceof KumaError ? error : lacking(errorText(error), "see the message");
    return { about, is: lacks.message, lacks };
  }
}

/** Links to cgroups came with 5.7; what came later is found out by trial. */
function kernel(): string {
  const release = readProcFile("/proc/sys/kernel/osrelease").trim();
  if (!isAtLeast(release, 5, 7)) {
    throw lacking(
      `Linux ${release} is too old for these programs`,
      "use 5.7 or newer, or iptables",
    );
  }
  return `Linux ${release}`;
}

/** Whether a release such as `6.1.0-13-amd64` is `major.minor` or newer; what cannot be read counts as new. */
export function isAtLeast(release: string, major: number, minor: number): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (first === undefined) return true;
  return Number(first) > major || (Number(first) === major && Number(second) >= minor);
}

/** What loading, attaching and entering namespaces take; CAP_SYS_ADMIN stands for the first two, too. */
export function capabilities({ has }: Privileges): string {
  const missing = [
    ...(has("CAP_SYS_ADMIN") ? [] : ["CAP_SYS_ADMIN"]),
    ...(has("CAP_NET_ADMIN") ? [] : ["CAP_NET_ADMIN"]),
    ...(has("CAP_BPF") || has("CAP_SYS_ADMIN") ? [] : ["CAP_BPF"]),
    ...(has("CAP_PERFMON") || has("CAP_SYS_ADMIN") ? [] : ["CAP_PERFMON"]),
  ];
  if (missing.length === 0) return "all that is needed";
  throw lacking(
    `this process lacks ${missing.join(", ")}`,
    "run it as root; a container must be privileged, or have these capabilities",
  );
}

/** Until 5.11, maps counted as locked memory; libbpf lifts the limit where it may. */
function lockedMemory(): string {
  const release = readProcFile("/proc/sys/kernel/osrelease").trim();
  if (isAtLeast(release, 5, 11)) return "not limited by this kernel";
  if (currentPrivileges().has("CAP_SYS_RESOURCE")) return "the limit can be lifted";
  const limit = /^Max locked memory\s+(\S+)/m.exec(readProcFile("/proc/self/limits"))?.[1];
  if (limit === "unlimited") return "unlimited";
  throw lacking(
    `no more than ${limit ?? "an unknown number of"} bytes of memory may be locked`,
    "give the process CAP_SYS_RESOURCE, or ulimit -l unlimited",
  );
}

/**
 * The folder of a cgroup: `path` itself where it is one, else where version 2 is mounted.
 *
 * @throws {KumaError} `KUMA-BPF-022` where it is mounted nowhere.
 */
function findCgroup(path: string): string {
  if (fileSystemAt(path) === FILE_SYSTEMS.cgroup2) return path;
  const found = cgroup2Mount(parseMounts(readProcFile("/proc/self/mountinfo")), path);
  if (found !== undefined && fileSystemAt(found) === FILE_SYSTEMS.cgroup2) return found;
  throw lacking(
    `no control groups of version 2 are at ${path} or mounted elsewhere`,
    "mount them: mount -t cgroup2 none /sys/fs/cgroup/unified; in a container, mount the node's",
  );
}

/**
 * Whether a cgroup is the root of all. Another one holds some processes of the node alone: in a container without the
 * node's own mount, those of that container.
 */
export function isRootCgroup(path: string): boolean {
  return !entriesOf(path).includes("cgroup.events");
}

function bpffs({ bpffs: path, mountBpffs: mounts }: PreflightOptions): string {
  if (fileSystemAt(path) === FILE_SYSTEMS.bpf) return path;
  if (mounts) {
    mountBpffs(path);
    return `${path}, just mounted`;
  }
  const others = parseMounts(readProcFile("/proc/self/mountinfo"))
    .filter(({ type }) => type === "bpf").map((mount) => mount.path);
  throw lacking(
    `no BPF file system is mounted at ${path}`,
    others.length > 0
      ? `there is one at ${others[0]}: give --bpffs-path; or give --mount-bpffs`
      : `mount it: mount -t bpf bpf ${path}, or give --mount-bpffs; in a container, mount the node's`,
  );
}

function lacking(what: string, hint: string): KumaError {
  return new KumaError("KUMA-BPF-022", what, { hint });
}
