import { statOrNothing } from "core/host/presence.ts";
import type { NodeSpec } from "../spec.ts";
import { step } from "./step.ts";

const ROOT = "/sys/fs/cgroup";

/** A group of the node's own in every hierarchy, for kubelet's `cgroupRoot`. */
export async function prepareCgroups({ cgroup }: NodeSpec): Promise<void> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT)) {
    if (!isDirectory) continue;
    const group = `${ROOT}/${name}/${cgroup}`;
    // Of the life before a reboot: those of its pods, and with the node's own all programs that were attached to it.
    if (statOrNothing(group) !== undefined) {
      await step(`find ${group} -depth -type d -exec rmdir {} +`);
    }
    Deno.mkdirSync(group);
    // A new group of cpuset takes nobody until it has processors and memory.
    if (name !== "cpuset") continue;
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      Deno.writeTextFileSync(`${group}/${file}`, Deno.readTextFileSync(`${ROOT}/${name}/${file}`));
    }
  }
}
