/**
 * A node on which only some iptables tools exist: a folder that lies over /usr/sbin in a mount namespace
 * of the plugin's own. The machine itself keeps its tools.
 *
 * @module
 */
import { which } from "../support/processes.ts";

/** A tool: a program of the machine under this name, or the text of a script. */
export type Tool = { readonly program: string } | { readonly script: string };

const ROLES = ["", "-save", "-restore"] as const;

/** All three tools of both families, under names such as `iptables-legacy-save` for the infix `-legacy`. */
export function everyTool(program: string, infix = ""): Record<string, Tool> {
  const names = ["iptables", "ip6tables"].flatMap((base) =>
    ROLES.map((role) => `${base}${infix}${role}`)
  );
  return Object.fromEntries(names.map((name) => [name, { program }]));
}

/** The folder; gone when disposed of. */
export class ToolFolder implements Disposable {
  readonly #dir = Deno.makeTempDirSync({ prefix: "cni-tools-" });

  constructor(tools: Readonly<Record<string, Tool>>) {
    // Of a pod with users of its own, root is nobody here.
    Deno.chmodSync(this.#dir, 0o755);
    for (const [name, tool] of Object.entries(tools)) {
      const path = `${this.#dir}/${name}`;
      if ("script" in tool) {
        Deno.writeTextFileSync(path, `#!/bin/sh\n${tool.script}\n`, { mode: 0o755 });
        continue;
      }
      const copy = `${this.#dir}/${tool.program}`;
      Deno.copyFileSync(which(tool.program) ?? `/usr/sbin/${tool.program}`, copy);
      Deno.symlinkSync(tool.program, path);
    }
  }

  /** Where a script finds a program of this folder. */
  path(program: string): string {
    return `${this.#dir}/${program}`;
  }

  /**
   * Words that start a program on such a node.
   *
   * @param mounts further files and what lies over them
   */
  words(program: string, mounts: Readonly<Record<string, string>> = {}): string[] {
    const binds = [["/usr/sbin", this.#dir], ...Object.entries(mounts)]
      .map(([over, source]) =>
        `{ [ -e ${over} ] || : > ${over}; } && mount --bind ${source} ${over} && `
      )
      .join("");
    return ["unshare", "--mount", "sh", "-c", `${binds}exec ${program}`];
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#dir, { recursive: true });
  }
}
