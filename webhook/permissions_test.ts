import assert from "node:assert/strict";
import manifest from "./deno.json" with { type: "json" };
import { CLUSTER_VARIABLES } from "core/cluster/credentials.ts";
import { SETTINGS } from "core/inject/settings/table.ts";

const { permissions } = manifest.build;

/** The values of a flag; `undefined` where it is missing, none where it has no list. */
function listed(flag: string): string[] | undefined {
  const found = permissions.find((text) => text === flag || text.startsWith(`${flag}=`));
  return found?.slice(flag.length + 1).split(",").filter((one) => one !== "");
}

Deno.test("the compiled program may see the variables of its settings, and few others", () => {
  const settings = Object.values(SETTINGS).map(({ env }) => env);
  assert.deepEqual(settings.filter((name) => !name.startsWith("KUMA_")), []);
  // The `yaml` package looks at the LOG_ ones, `commander` at those of colours.
  const libraries = ["CLICOLOR_FORCE", "FORCE_COLOR", "LOG_STREAM", "LOG_TOKENS", "NO_COLOR"];
  const roots = ["DENO_CERT", "DENO_TLS_CA_STORE"];
  // The client of the API server names the proxy that stands between when there is no answer.
  const proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];
  const wanted = ["KUMA_*", ...CLUSTER_VARIABLES, ...libraries, ...roots, ...proxies];
  assert.deepEqual(listed("--allow-env")?.sort(), wanted.sort());
});

Deno.test("it may write nothing and run nothing", () => {
  for (const none of ["--allow-write", "--allow-run", "--allow-sys", "--allow-import"]) {
    assert.equal(listed(none), undefined, none);
  }
  // Certificates, kubeconfig and documents are where the operator says, API server and port as well.
  assert.deepEqual(listed("--allow-read"), []);
  assert.deepEqual(listed("--allow-net"), []);
  // The C library is found by its bare name, which Deno 2.7.11 takes for a path where this is a list.
  assert.deepEqual(listed("--allow-ffi"), []);
});
