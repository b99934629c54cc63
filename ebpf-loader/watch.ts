/**
 * One look at what should be there, and putting right what is not.
 *
 * @module
 */
import { alone } from "core/host/bpf/lock.ts";
import { embeddedObjects } from "core/host/bpf/embedded.ts";
import { load } from "core/host/bpf/node.ts";
import { collectGone, refreshPods } from "core/host/bpf/pods.ts";
import { status } from "core/host/bpf/status.ts";
import type { RunOptions } from "./run.ts";

/**
 * Forgets pods that have gone, puts programs and entries back that are missing, and notes the names of pods.
 *
 * @param names of pods by the cookie of their namespace; renewed
 * @param repaired is told of each repair
 * @returns what could not be put right, in words
 */
export function watch(
  { pins, cgroup, accelerate, log }: RunOptions,
  names: Map<bigint, string>,
  repaired: () => void,
): Promise<readonly string[]> {
  return alone(pins, () => {
    for (const name of collectGone(pins)) log.info("pod has gone", { pod: name });
    let found = status(pins);
    const lacking = found.node === undefined ? ["nothing is loaded"] : found.problems;
    // What cannot be reached keeps what it has; asking again and again would not change that.
    const pods = found.pods.filter(({ path, problems }) =>
      path !== undefined && problems.length > 0
    );
    if (lacking.length > 0 || pods.length > 0) {
      repaired();
      for (const problem of lacking) log.warn(`put right: ${problem}`);
      for (const { name, problems } of pods) {
        log.warn(`put right: ${problems.join(", ")}`, { pod: name });
      }
      const { node, pod } = embeddedObjects();
      const { failed } = lacking.length > 0
        ? load({ pins, cgroup, accelerate, object: node, pod }).pods
        : refreshPods({ pins, pod }, new Set(pods.map(({ netns }) => netns)));
      for (const line of failed) log.error(line);
      found = status(pins);
    }
    names.clear();
    for (const { netns, name } of found.pods) names.set(netns, name);
    return found.problems;
  });
}
