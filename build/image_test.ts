import assert from "node:assert/strict";
import { makeImage, parseImageArgs } from "./image.ts";
import { hostArch } from "./pins.ts";
import { ROOT } from "./task.ts";

Deno.test("an image is of the webhook and this machine unless said otherwise", () => {
  assert.deepEqual(parseImageArgs([]), { component: "webhook", arch: hostArch(), tag: "" });
  const tag = "registry.example:5000/kuma-webhook:1";
  const said = { component: "webhook", arch: "arm64", tag };
  assert.deepEqual(parseImageArgs(["webhook", "--arch", "arm64", "--tag", tag]), said);
  assert.deepEqual(parseImageArgs([`--tag=${tag}`, "--arch=arm64"]), said);
});

Deno.test("what cannot be meant is refused", () => {
  for (const args of [["--tag"], ["--tag", "-x"], ["--tag=a b"], ["webhook", "cni"], ["--push"]]) {
    assert.throws(() => parseImageArgs(args), { code: "KUMA-BUILD-004" });
  }
});

Deno.test("a component without an image is refused with those that have one", async () => {
  await assert.rejects(makeImage(ROOT, parseImageArgs(["cni"])), {
    code: "KUMA-BUILD-004",
    message: /no image of cni, only of webhook, controller, kumactl, installer/,
  });
});
