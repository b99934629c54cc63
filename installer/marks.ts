/**
 * Everything that readiness depends on, as one text: as long as it stays the same, nothing needs a
 * closer look. It costs a few stat calls.
 *
 * @module
 */
import { isConfigName } from "core/conflist/choose.ts";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { namesIn } from "./net_dir.ts";
import { type Places, PROGRAM } from "./places.ts";
import type { Settings } from "./settings.ts";
import { fingerprint } from "./snapshot.ts";

/** Marks of the net dir: its config files, the kubeconfig and a drop-in. */
export function netMarks(settings: Settings, places: Places, chainFile: string): string {
  const names = namesIn(places.netDir).filter((name) =>
    isConfigName(name) || name === settings.confName || name === settings.kubeconfigName
  );
  const all = chainFile.includes("/") ? [...names, chainFile] : names;
  return all.sort().map((name) => `${name}=${fingerprint(`${places.netDir}/${name}`)}`).join("\n");
}

/** Marks of the program and the runtime folder in the bin dirs. */
export function programMarks(dirs: readonly string[]): string {
  return dirs.map((dir) =>
    [PROGRAM, ...runtimeFiles(`${dir}/${RUNTIME_FOLDER}`)].map((name) =>
      `${dir}/${name}=${fingerprint(`${dir}/${name}`)}`
    ).join("\n")
  ).join("\n");
}

function runtimeFiles(folder: string): string[] {
  try {
    return namesIn(folder).sort().map((name) => `${RUNTIME_FOLDER}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
