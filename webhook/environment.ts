/**
 * The variables that the program looks at. The compiled one may see no others: see `deno.json`.
 *
 * @module
 */
import { CLUSTER_VARIABLES } from "core/cluster/credentials.ts";
import { SETTINGS } from "core/inject/settings/table.ts";

/** Those that say where the API server is, and those of the settings. */
export const VARIABLES: readonly string[] = [
  ...CLUSTER_VARIABLES,
  ...Object.values(SETTINGS).map(({ env }) => env),
];
