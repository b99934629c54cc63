/**
 * Everything that readiness depends on, as one text: as long as it stays the same, nothing needs a
 * closer look. It costs a few stat calls.
 *
 * @module
 */
import { isConfigName } from "core/conflist/choose.ts";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { namesIn } from "./net_dir.ts";
import { namesBelow } from "../program/folders.ts";
import { type Places, PROGRAM } from "../program/places.ts";
import { releaseOf } from "../program.ts";
import type { Settings } from "../settings/settings.ts";
import { fingerprint } from "./snapshot.ts";

/** Marks of the net dir: its config files, the kubeconfig and a drop-in. */
export function netMarks(settings: Settings, places: Places, chainFile: string): string {
  const names = namesIn(places.netDir).filter((name) =>
    isConfigName(name) || name === settings.confName || name === settings.kubeconfigName
  );
  const all = chainFile.includes("/") ? [...names, chainFile] : names;
  return all.sort().map((name) => `${name}=${fingerprint(`${places.netDir}/${name}`)}`).join("\n");
}

/** Marks of the program and the release that it leads to, in the bin dirs. */
export function programMarks(dirs: readonly string[]): string {
  return dirs.map((dir) => {
    const runtime = `${dir}/${releaseOf(dir)}/${RUNTIME_FOLDER}`;
    const paths = [`${dir}/${PROGRAM}`, ...namesBelow(runtime).map((name) => `${runtime}/${name}`)];
    return paths.map((path) => `${path}=${fingerprint(path)}`).join("\n");
  }).join("\n");
}
