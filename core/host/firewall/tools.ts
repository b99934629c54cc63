/**
 * Finding the three programs of one family and flavour, with as few child processes as possible: the
 * name of the file behind the links tells what a program is, since iptables 1.8 installs one
 * `xtables-nft-multi` and one `xtables-legacy-multi` under all names.
 *
 * @module
 */
import type { IptablesExecutable, TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";
import type { Children } from "./children.ts";
import { ERRNO, lookFor } from "../libc.ts";
import { isUnusable } from "../run.ts";
import { type Flavour, type Identity, parseIdentity, type Version } from "./version.ts";

/** The programs that serve one family. */
export interface Tools {
  readonly family: Family;
  readonly flavour: Flavour;
  /** Known where a program had to be asked; {@linkcode toolVersion} asks. */
  readonly version: Version | undefined;
  /** Named by a person rather than found. */
  readonly custom: boolean;
  readonly iptables: string;
  readonly save: string;
  readonly restore: string;
}

/** Where programs are looked for behind PATH, as Kuma does. */
const FALLBACK_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
const SUFFIXES = { iptables: "", save: "-save", restore: "-restore" } as const;
type Role = keyof typeof SUFFIXES;

/** Looks for programs; remembers what it learnt about each file. */
export class ToolFinder {
  readonly #children: Children;
  readonly #directories: readonly string[];
  readonly #identities = new Map<string, Promise<Identity | undefined>>();

  /**
   * @param path the text of PATH; relative folders in it are passed over
   * @param fallback folders that are looked into behind PATH
   */
  constructor(
    children: Children,
    path: string,
    fallback: readonly string[] = FALLBACK_DIRECTORIES,
  ) {
    this.#children = children;
    const own = path.split(":").filter((directory) => directory.startsWith("/"));
    this.#directories = [...new Set([...own, ...fallback])];
  }

  /** The programs of one flavour, or why there are none, in words. */
  async find(family: Family, flavour: Flavour): Promise<Tools | string> {
    const base = baseName(family);
    const paths: Partial<Record<Role, string>> = {};
    let version: Version | undefined;
    for (const role of ["iptables", "save", "restore"] as const) {
      const names = [`${base}-${flavour}${SUFFIXES[role]}`, `${base}${SUFFIXES[role]}`];
      const found = await this.#first(names, flavour);
      if (found === undefined) return `no ${flavour} ${base}${SUFFIXES[role]} was found`;
      paths[role] = found.path;
      version ??= found.identity.version;
    }
    const { iptables = "", save = "", restore = "" } = paths;
    return { family, flavour, version, custom: false, iptables, save, restore };
  }

  /**
   * The programs that a person named for a family: undefined where none is named, words where they
   * cannot be used.
   */
  async custom(
    family: Family,
    named: TransparentProxyConfig["iptablesExecutables"],
  ): Promise<Tools | string | undefined> {
    const base = baseName(family);
    const names = Object.values(SUFFIXES).map((suffix) => `${base}${suffix}` as IptablesExecutable);
    const lacking = names.filter((name) => !named[name]);
    if (lacking.length === names.length) return undefined;
    if (lacking.length > 0) {
      const verb = lacking.length === 1 ? "is" : "are";
      return `of its three executables ${lacking.join(" and ")} ${verb} not named`;
    }
    const found: { path: string; identity: Identity }[] = [];
    for (const name of names) {
      const path = this.#resolve(named[name] ?? "");
      if (path === undefined) return `${name} was not found at ${named[name]}`;
      const identity = await this.#identify(path);
      if (identity?.flavour === undefined) return `${path} does not say what iptables it is`;
      found.push({ path, identity });
    }
    const [iptables, save, restore] = found;
    const flavour = iptables?.identity.flavour;
    if (flavour === undefined || !save || !restore) return "its executables cannot be used";
    if (found.some((tool) => tool.identity.flavour !== flavour)) {
      return "its three executables are not all of the same mode";
    }
    return {
      family,
      flavour,
      version: iptables?.identity.version,
      custom: true,
      iptables: iptables?.path ?? "",
      save: save.path,
      restore: restore.path,
    };
  }

  /** Version of the restore program, by asking it unless it is known. Undefined where it cannot tell. */
  async version(tools: Tools): Promise<Version | undefined> {
    return tools.version ?? (await this.#ask(tools.iptables))?.version;
  }

  async #first(
    names: readonly string[],
    flavour: Flavour,
  ): Promise<{ path: string; identity: Identity } | undefined> {
    for (const name of names) {
      for (const directory of this.#directories) {
        const path = `${directory}/${name}`;
        if (!isProgram(path)) continue;
        const identity = await this.#identify(path);
        if (identity?.flavour === flavour) return { path, identity };
      }
    }
    return undefined;
  }

  #resolve(named: string): string | undefined {
    const paths = named.includes("/")
      ? [named]
      : this.#directories.map((directory) => `${directory}/${named}`);
    return paths.find(isProgram);
  }

  async #identify(path: string): Promise<Identity | undefined> {
    const file = Deno.realPathSync(path).split("/").at(-1);
    if (file === "xtables-nft-multi") return { flavour: "nft", version: undefined };
    if (file === "xtables-legacy-multi") return { flavour: "legacy", version: undefined };
    return await this.#ask(path);
  }

  #ask(path: string): Promise<Identity | undefined> {
    let answer = this.#identities.get(path);
    if (answer === undefined) {
      answer = this.#askOnce(path);
      this.#identities.set(path, answer);
    }
    return answer;
  }

  async #askOnce(path: string): Promise<Identity | undefined> {
    try {
      const { stdout, stderr } = await this.#children.run([path, "--version"]);
      return parseIdentity(stdout, stderr);
    } catch (error) {
      // A file that cannot be started (wrong architecture, no interpreter) is no candidate.
      if (isUnusable(error)) return undefined;
      throw error;
    }
  }
}

/** `iptables` or `ip6tables`: what the programs, and the lines about them, start with. */
function baseName(family: Family): "iptables" | "ip6tables" {
  return family === "ipv4" ? "iptables" : "ip6tables";
}

/** What keeps a file from being a program that we could start: it is not there, or not to be seen. */
const NO_PROGRAM: readonly number[] = [-ERRNO.ENOENT, -ERRNO.ENOTDIR, -ERRNO.EACCES];

function isProgram(path: string): boolean {
  if (NO_PROGRAM.includes(lookFor(path))) return false;
  try {
    const info = Deno.statSync(path);
    return info.isFile && ((info.mode ?? 0) & 0o111) !== 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}
