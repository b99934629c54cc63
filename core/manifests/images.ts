/**
 * References of images: `<registry>/<repository>:<tag>`, each the component's own or the one for all.
 *
 * @module
 */
import { VERSION } from "core/version.ts";
import { first, type Node, text, value } from "./template/node.ts";

/** An image's reference; registry and tags that are empty leave it to the next. */
export function imageReference(repository: Node, registry: Node, ...tags: readonly Node[]): Node {
  return text`${first(registry, value("global.image.registry"))}/${repository}:${first(...tags)}`;
}

/** The tag of our own images. */
const OWN_TAG = first(value("global.image.tag"), VERSION);

/** An image that has registry, repository and tag below `path`. */
export function ownImage(path: string, shared = path): Node {
  return imageReference(
    value(`${path}.repository`),
    value(`${shared}.registry`),
    value(`${shared}.tag`),
    OWN_TAG,
  );
}

/** The image of kuma-init. */
export const INIT_IMAGE = ownImage("dataPlane.initImage");
