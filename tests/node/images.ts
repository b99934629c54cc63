/**
 * Images for a node, in archives that containerd imports. There is no registry: what is not imported is not there.
 *
 * @module
 */
import { imageOfBuilt, packImage, parseImageArgs } from "build/image.ts";
import type { ImageContents } from "build/image_contents.ts";
import { distDir } from "build/compile.ts";
import { hostArch } from "build/pins.ts";
import { ROOT } from "build/task.ts";
import { SIDECAR_TAG } from "core/manifests/values/cni.ts";
import { inParallel } from "../support/parallel.ts";
import { must } from "../support/processes.ts";
import { standinProgram } from "./programs.ts";
import { STANDIN_IMAGE } from "./spec.ts";

/** Registry of our images on the node, as README names it: what its `podman push` would bring there is imported. */
export const REGISTRY = "registry.example";
/** Their tag, as README names it. */
export const TAG = "1";

/** Kuma's image of the sidecar, as our manifests name it by default: the stand-in has this name, too. */
const SIDECAR_IMAGE = `docker.io/kumahq/kuma-dp:${SIDECAR_TAG}`;

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
    const standin = await standinProgram();
    const dir = await Deno.makeTempDir({ dir: "/root", prefix: ".kuma-test-images-" });
    const archives = new Map<string, string>();
    const save = async (name: string, tag: string, ...further: string[]) => {
      const archive = `${dir}/${name}.tar`;
      for (const one of further) await must("podman", ["tag", tag, one]);
      const save = ["save", "--quiet", "--format=docker-archive", "-o", archive, tag, ...further];
      await must("podman", save);
      await must("podman", ["rmi", "--force", tag, ...further]);
      archives.set(name, archive);
    };
    const make = async ([component, repository]: [string, string]) => {
      const tag = `${REGISTRY}/${repository}:${TAG}`;
      await imageOfBuilt(ROOT, parseImageArgs([component, "--tag", tag]));
      await save(component, tag);
    };
    await inParallel(Object.entries(components), 2, make);
    const standins: Record<string, { tags: readonly [string, ...string[]]; words: string[] }> = {
      standin: { tags: [STANDIN_IMAGE, SIDECAR_IMAGE], words: [] },
      pause: { tags: ["localhost/kuma-test-pause:node"], words: ["pause"] },
    };
    for (const [name, { tags, words }] of Object.entries(standins)) {
      const [tag] = tags;
      const contents: ImageContents = {
        components: [],
        needs: () => [],
        fill: async (root) => {
          await root.copy(standin, "/standin");
          return [`ENTRYPOINT ${JSON.stringify(["/standin", ...words])}`];
        },
      };
      await packImage(contents, { dist: distDir(ROOT, hostArch()), arch: hostArch(), tag });
      await save(name, ...tags);
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
