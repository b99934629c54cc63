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
import { nodePrograms } from "./programs.ts";
import { STANDIN_IMAGE } from "./spec.ts";

/** Registry and tag of our images on the node. */
export const REGISTRY = "localhost/kuma-test";
/** See {@linkcode REGISTRY}. */
export const TAG = "node";

/** Archives of images; they go when they are disposed of. */
export class NodeImages implements AsyncDisposable {
  readonly #dir: string;
  readonly #archives: ReadonlyMap<string, string>;

  private constructor(dir: string, archives: ReadonlyMap<string, string>) {
    this.#dir = dir;
    this.#archives = archives;
  }

  /** Makes those of the components, by their repositories, and those of the stand-ins. */
  static async make(components: Readonly<Record<string, string>>): Promise<NodeImages> {
    const { standin } = await nodePrograms();
    const dir = await Deno.makeTempDir({ dir: "/root", prefix: ".kuma-test-images-" });
    const archives = new Map<string, string>();
    const save = async (name: string, tag: string) => {
      const archive = `${dir}/${name}.tar`;
      await must("podman", ["save", "--quiet", "--format=docker-archive", "-o", archive, tag]);
      await must("podman", ["rmi", "--force", tag]);
      archives.set(name, archive);
    };
    for (const [component, repository] of Object.entries(components)) {
      const tag = `${REGISTRY}/${repository}:${TAG}`;
      await makeImage(ROOT, parseImageArgs([component, "--tag", tag]));
      await save(component, tag);
    }
    const standins = {
      standin: { tag: STANDIN_IMAGE, words: [] },
      pause: { tag: "localhost/kuma-test-pause:node", words: ["pause"] },
    };
    for (const [name, { tag, words }] of Object.entries(standins)) {
      const contents: ImageContents = {
        components: [],
        needs: () => [],
        fill: async (root) => {
          await root.copy(standin, "/standin");
          return [`ENTRYPOINT ${JSON.stringify(["/standin", ...words])}`];
        },
      };
      await packImage(contents, { dist: distDir(ROOT, hostArch()), arch: hostArch(), tag });
      await save(name, tag);
    }
    return new NodeImages(dir, archives);
  }

  /** All of them. */
  get all(): string[] {
    return [...this.#archives.values()];
  }

  /** Those of these components, and of the stand-ins. */
  of(...components: string[]): string[] {
    return [...components, "standin", "pause"].map((name) => {
      const archive = this.#archives.get(name);
      if (archive === undefined) throw new Error(`There is no image of ${name}`);
      return archive;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}
