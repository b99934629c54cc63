import { CGROUP } from "../spec.ts";

const ROOT = "/sys/fs/cgroup";

/** A group of the node's own in every hierarchy, for kubelet's `cgroupRoot`. */
export function prepareCgroups(): void {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT)) {
    if (!isDirectory) continue;
    const group = `${ROOT}/${name}/${CGROUP}`;
    Deno.mkdirSync(group, { recursive: true });
    // A new group of cpuset takes nobody until it has processors and memory.
    if (name !== "cpuset") continue;
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      Deno.writeTextFileSync(`${group}/${file}`, Deno.readTextFileSync(`${ROOT}/${name}/${file}`));
    }
  }
}
