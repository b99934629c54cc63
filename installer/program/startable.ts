/**
 * Whether a plugin that brings its own loader can start where it stands: the kernel looks for the loader at the one
 * absolute path that is written in the program, and says "No such file or directory" of the program itself.
 *
 * @module
 */
import { isFile } from "core/host/presence.ts";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { bundledInterpreter, programBehind } from "./loader.ts";

/** How to look at a path of the host from here. */
export interface HostView {
  /** Bin dir here and on the host. */
  readonly mounted: string;
  readonly host: string;
  /** The host's root here; empty where it is not mounted. */
  readonly root: string;
}

/**
 * Why the program at `path` (as it is seen here) cannot start on the host; undefined where it can, or is not there.
 */
export function whyNotStartable(path: string, view: HostView): string | undefined {
  const program = behind(path);
  if (program !== undefined && !isFile(program)) {
    return `its program ${program} is not there`;
  }
  const loader = loaderOf(program);
  if (loader === undefined) return undefined;
  const here = seenHere(loader, view);
  if (here !== undefined && isFile(here)) return undefined;
  const folder = loader.slice(0, loader.indexOf(`/${RUNTIME_FOLDER}/`));
  return `it looks for its loader in ${folder || "/"}/${RUNTIME_FOLDER}, ` +
    (here === undefined ? `and stands in ${view.host}` : "where there is none");
}

/** Why a copy of the program in `dir` would have no loader; undefined where it brings one, or needs none. */
export function whyIncomplete(dir: string, name: string): string | undefined {
  const program = behind(`${dir}/${name}`);
  if (program !== undefined && !isFile(program)) {
    return `its folder ${RUNTIME_FOLDER} with the program is not beside it in ${dir}`;
  }
  const loader = loaderOf(program);
  if (loader === undefined) return undefined;
  const file = loader.slice(loader.lastIndexOf("/") + 1);
  return isFile(`${dir}/${RUNTIME_FOLDER}/${file}`)
    ? undefined
    : `its folder ${RUNTIME_FOLDER} is not beside it in ${dir}`;
}

/** What a start of `path` ends in; undefined where nothing is there. */
function behind(path: string): string | undefined {
  try {
    return programBehind(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function loaderOf(program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  return bundledInterpreter(program)?.replaceAll(/\/{2,}/g, "/");
}

function seenHere(path: string, { mounted, host, root }: HostView): string | undefined {
  if (path.startsWith(`${host}/`)) return mounted + path.slice(host.length);
  return root === "" ? undefined : root + path;
}
