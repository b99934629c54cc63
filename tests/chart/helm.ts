/**
 * Helm's own engine, built once from the Go module proxy.
 *
 * @module
 */
import { buildOnce } from "../support/go_build.ts";

/** Path of a program `helm CHART NAMESPACE [SET…]` that renders a chart to standard output. */
export async function helmEngine(): Promise<string> {
  const folder = await buildOnce({
    what: "the engine of Helm",
    moduleDir: new URL("./helm", import.meta.url).pathname,
    packages: ["./helm"],
    cachePath: "helm/3.19.0",
  });
  return `${folder}/helm`;
}
