import assert from "node:assert/strict";
import { CLUSTER_VARIABLES } from "core/kube/variables.ts";
import { ENVIRONMENT_NAMES } from "core/proxy/sources.ts";
import { ENV_PREFIX } from "core/proxy/options.ts";
import manifest from "./deno.json" with { type: "json" };

/**
 * NO_COLOR and the locale are ours; the `yaml` package looks at the LOG_ ones, running programs at PATH and TMPDIR; the
 * rest is about clusters: which one, by which proxy, and (written, not read) that no roots but its own are trusted.
 */
const OTHERS = [
  ...["ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "https_proxy", "no_proxy"],
  ...["DENO_CERT", "DENO_TLS_CA_STORE", "HOME"],
  ...CLUSTER_VARIABLES,
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "LOG_STREAM",
  "LOG_TOKENS",
  "NO_COLOR",
  "PATH",
  "TMPDIR",
];

Deno.test("the compiled program may see every variable of a setting, and few others", () => {
  const flag = manifest.build.permissions.find((text) => text.startsWith("--allow-env="));
  const allowed = new Set(flag?.slice("--allow-env=".length).split(","));
  assert.ok(allowed.delete(`${ENV_PREFIX}*`));
  const bare = ENVIRONMENT_NAMES.filter((name) => !name.startsWith(ENV_PREFIX));
  assert.deepEqual([...allowed].sort(), [...bare, ...OTHERS].sort());
});
