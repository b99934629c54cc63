/**
 * Classifiers at the ingress of interfaces (tc), in the network namespace that the main thread is in.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { ERRNO, errnoText } from "../libc.ts";
import { hasFilters } from "./filters.ts";
import { libbpf } from "./libbpf.ts";

const HOOK_BYTES = 24, OPTIONS_BYTES = 32;
const INGRESS = 1, EGRESS = 2, REPLACE = 1;
const EINVAL = 22;
/** Ours among the filters of an interface. Others' priorities stay theirs. */
const HANDLE = 1, PRIORITY = 0x4b75;

/**
 * Attaches a classifier to the ingress of an interface, in place of our former one.
 *
 * @returns whether the interface had no place for classifiers (the qdisc clsact) before
 * @throws {KumaError} `KUMA-BPF-016` with what the kernel says.
 */
export function attachClassifier(program: number, ifindex: number): boolean {
  const hook = ingressHook(ifindex);
  const created = libbpf().bpf_tc_hook_create(hook);
  if (created < 0 && created !== -ERRNO.EEXIST) throw refused("prepare", ifindex, created);
  const result = libbpf().bpf_tc_attach(hook, options({ program, replace: true }));
  if (result < 0) throw refused("attach to", ifindex, result);
  return created >= 0;
}

/**
 * Removes the place for classifiers that we made, unless somebody else uses it by now.
 *
 * @throws {KumaError} `KUMA-BPF-016` with what the kernel says.
 */
export function removeHook(ifindex: number): void {
  if (hasFilters(ifindex)) return;
  const hook = ingressHook(ifindex);
  // Both sides: that means the qdisc itself, and not its filters alone.
  new DataView(hook.buffer).setUint32(12, INGRESS | EGRESS, true);
  const result = libbpf().bpf_tc_hook_destroy(hook);
  const gone = [ERRNO.ENOENT, EINVAL, ERRNO.ENODEV].some((errno) => result === -errno);
  if (result < 0 && !gone) throw refused("clean", ifindex, result);
}

/**
 * Takes our classifier away; the qdisc stays, see {@linkcode removeHook}.
 *
 * @returns false where there was none
 * @throws {KumaError} `KUMA-BPF-016` with what the kernel says.
 */
export function detachClassifier(ifindex: number): boolean {
  const result = libbpf().bpf_tc_detach(ingressHook(ifindex), options({}));
  if (result === -ERRNO.ENOENT || result === -EINVAL || result === -ERRNO.ENODEV) return false;
  if (result < 0) throw refused("detach from", ifindex, result);
  return true;
}

/** The id of our classifier's program at an interface, undefined where there is none. */
export function attachedClassifier(ifindex: number): number | undefined {
  const query = options({});
  const result = libbpf().bpf_tc_query(ingressHook(ifindex), query);
  if (result < 0) return undefined;
  return new DataView(query.buffer).getUint32(16, true);
}

/** struct bpf_tc_hook: size, ifindex, attach point, parent. */
function ingressHook(ifindex: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HOOK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(HOOK_BYTES), true);
  view.setInt32(8, ifindex, true);
  view.setUint32(12, INGRESS, true);
  return bytes;
}

/** struct bpf_tc_opts: size, prog_fd, flags, prog_id, handle, priority. */
function options(given: { program?: number; replace?: boolean }): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(OPTIONS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(OPTIONS_BYTES), true);
  view.setInt32(8, given.program ?? 0, true);
  view.setUint32(12, given.replace === true ? REPLACE : 0, true);
  view.setUint32(20, HANDLE, true);
  view.setUint32(24, PRIORITY, true);
  return bytes;
}

function refused(what: string, ifindex: number, result: number): KumaError {
  return new KumaError(
    "KUMA-BPF-016",
    `cannot ${what} the ingress of interface ${ifindex}: ${errnoText(result)}`,
  );
}
