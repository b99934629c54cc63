/**
 * The commands of README's "A cluster of our own programs", as they are written there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { REGISTRY, TAG } from "./images.ts";
import type { TestNode } from "./node.ts";

const README = new URL("../../README.md", import.meta.url);

/**
 * Runs them, but for those that make and push images: the node has those under the names that they would have, and the
 * stand-in under that of kuma-dp.
 */
export async function walkReadme(node: TestNode): Promise<void> {
  const text = await Deno.readTextFile(README);
  const [, block = ""] =
    /\*\*A cluster of our own programs\.\*\*[^]*?```sh\n([^]*?)```/.exec(text) ?? [];
  const lines = block.split("\n");
  const aboutImages = lines.filter((line) => /^(npx|podman) /.test(line));
  assert.equal(aboutImages.length, 2, block);
  for (const line of aboutImages) {
    assert.ok(line.includes(` ${REGISTRY}/kuma-webhook:${TAG} `), line);
  }
  const commands = lines.filter((line) => !aboutImages.includes(line)).join("\n");
  const done = await node.shell(commands);
  assert.equal(done.code, 0, done.stderr);
}
