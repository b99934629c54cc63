import assert from "node:assert/strict";
import { defaultConfig } from "core/proxy/config.ts";
import { asSidecarRuns } from "./sidecar_user.ts";

Deno.test("the user of the container wins over the annotations', with a warning", () => {
  const config = { ...defaultConfig(), cniMode: true, kumaDPUser: "5678" };
  assert.deepEqual(asSidecarRuns(config), { config, warnings: [] });
  assert.deepEqual(asSidecarRuns(config, 5678), { config, warnings: [] });
  const other = asSidecarRuns(config, 1337);
  assert.equal(other.config.kumaDPUser, "1337");
  assert.match(other.warnings.join(), /runs as user 1337, not as 5678/);
  // Nobody named: the default user.
  const unnamed = { ...config, kumaDPUser: "" };
  assert.deepEqual(asSidecarRuns(unnamed, 5678).warnings, []);
  // A name is one of the node's users, where nothing better is known.
  const byName = { ...config, kumaDPUser: "kuma-dp" };
  assert.deepEqual(asSidecarRuns(byName), { config: byName, warnings: [] });
  assert.equal(asSidecarRuns(byName, 5678).config.kumaDPUser, "5678");
  assert.match(asSidecarRuns(byName, 5678).warnings.join(), /as user 5678, not as kuma-dp/);
});
