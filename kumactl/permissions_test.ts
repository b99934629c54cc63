import assert from "node:assert/strict";
import { ENVIRONMENT_NAMES } from "core/proxy/sources.ts";
import { ENV_PREFIX } from "core/proxy/options.ts";
import manifest from "./deno.json" with { type: "json" };

/** NO_COLOR and the locale are ours; the `yaml` package looks at the LOG_ ones, running programs at the rest. */
const OTHERS = [
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
