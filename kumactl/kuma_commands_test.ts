import assert from "node:assert/strict";
import { kumactl } from "./testing.ts";

Deno.test("commands of Kuma's own kumactl are known, and refused with a hint that says where they are", async () => {
  const cases = [
    ["get", "dataplanes"],
    ["apply", "-f", "mesh.yaml"],
    ["generate", "dataplane-token", "--name=x"],
    ["inspect", "dataplanes", "--mesh", "default"],
    ["config", "control-planes", "list"],
    ["install", "crds"],
    ["install", "demo"],
    ["install", "tracing"],
    ["uninstall", "ebpf"],
  ];
  for (const words of cases) {
    const { code, out, err } = await kumactl(...words);
    assert.deepEqual([code, out], [1, ""], words.join(" "));
    assert.match(
      err,
      /^[^\n]*Cannot run "kumactl [a-z -]+": .*KUMA-TP-018\]\nHint: .*own release.*\n$/,
    );
  }
});

Deno.test("help is a command, too, and --help=false asks for none", async () => {
  for (const words of [["install", "transparent-proxy"], ["explain"], []]) {
    assert.deepEqual(await kumactl("help", ...words), await kumactl(...words, "--help"));
  }
  assert.deepEqual(await kumactl("version", "--help=false"), await kumactl("version"));
  assert.deepEqual(await kumactl("version", "--help=true"), await kumactl("version", "--help"));
  const { code, err } = await kumactl("version", "--help=maybe");
  assert.equal(code, 1);
  assert.match(err, /'maybe' is not a valid bool/);
});
