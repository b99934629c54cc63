/**
 * Images for a node, in archives that containerd imports. There is no registry: what is not imported is not there.
 *
 * @module
 */
import { makeImage, packImage, parseImageArgs } from "build/image.ts";
import type { ImageContents } from "build/image_contents.ts";
import { distDir } from "build/compile.ts";
import { hostArch } from "build/pins.ts";
import { ROOT } from "build/task.ts";
import { must } from "../support/processes.ts";
import { STANDIN_IMAGE } from "./spec.ts";

/** Registry and tag of our images on the node. */
export const REGISTRY = "localhost/kuma-test";
/** See {@linkcode REGISTRY}. */
export const TAG = "node";

/** Builds the components' images, and those of the stand-ins; returns the archives in `dir`. */
export async function nodeImages(
  dir: string,
  components: Readonly<Record<string, string>>,
  standin: string,
): Promise<string[]> {
  await Deno.mkdir(dir, { recursive: true });
  const archives: string[] = [];
  const save = async (tag: string) => {
    const archive = `${dir}/${archives.length}.tar`;
    await must("podman", ["save", "--quiet", "--format=docker-archive", "-o", archive, tag]);
    await must("podman", ["rmi", "--force", tag]);
    archives.push(archive);
  };
  for (const [component, repository] of Object.entries(components)) {
    const tag = `${REGISTRY}/${repository}:${TAG}`;
    await makeImage(ROOT, parseImageArgs([component, "--tag", tag]));
    await save(tag);
  }
  const commands = { [STANDIN_IMAGE]: [], "localhost/kuma-test-pause:node": ["pause"] };
  for (const [tag, words] of Object.entries(commands)) {
    const contents: ImageContents = {
      components: [],
      needs: () => [],
      fill: async (root) => {
        await root.copy(standin, "/standin");
        return [`ENTRYPOINT ${JSON.stringify(["/standin", ...words])}`];
      },
    };
    await packImage(contents, distDir(ROOT, hostArch()), hostArch(), tag);
    await save(tag);
  }
  return archives;
}
