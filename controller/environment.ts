/**
 * The variables that the program looks at. The compiled one may see no others: see `deno.json`.
 *
 * @module
 */
import { SETTINGS } from "./settings/table.ts";

/** Those beside the settings: where the API server is, and which pod this is. */
const OTHERS = ["KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "POD_NAME"];

/** Those that are set, by name. */
export function readEnvironment(): Record<string, string> {
  const names = [...OTHERS, ...Object.values(SETTINGS).map(({ env }) => env)];
  const all = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(all.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
