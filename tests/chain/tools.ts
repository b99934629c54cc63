/**
 * Where the chain tests' programs come from.
 *
 * @module
 */
import { isFile } from "core/host/presence.ts";
import { buildOnce } from "../support/go_build.ts";

/** What a chain needs beside the plugin under test. */
export interface ChainTools {
  /** The libcni program of tests/chain/module. */
  runtime: string;
  /** The folder with `bridge`, `host-local` and `portmap`. */
  pluginDir: string;
}

const PLUGIN_DIRS = ["/usr/lib/cni", "/opt/cni/bin"];
const PLUGINS = ["bridge", "host-local", "portmap"];

/**
 * Returns the programs, and builds the runtime once. Throws an `Error` that says what to install when
 * the distribution's plugins (Debian: containernetworking-plugins) or Go are missing.
 */
export async function ensureChainTools(): Promise<ChainTools> {
  const pluginDir = PLUGIN_DIRS.find((dir) => PLUGINS.every((name) => isFile(`${dir}/${name}`)));
  if (pluginDir === undefined) {
    throw new Error(
      `There is no ${PLUGINS.join(", ")} in ${PLUGIN_DIRS.join(" or ")}: ` +
        "install containernetworking-plugins",
    );
  }
  return { runtime: await libcniProgram(), pluginDir };
}

/** The program that calls plugins as containerd and CRI-O do, built once. */
export async function libcniProgram(): Promise<string> {
  const dir = await buildOnce({
    what: "the chain tests' libcni runtime",
    moduleDir: new URL("./module", import.meta.url).pathname,
    packages: ["."],
    cachePath: "chain/libcni",
  });
  return `${dir}/chain-test-runtime`;
}
