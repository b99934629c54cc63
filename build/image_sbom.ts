/**
 * What is in an image, as a CycloneDX document, which lies in the image itself.
 *
 * @module
 */
import { join } from "node:path";
import { VERSION } from "core/version.ts";
import type { Component } from "./components.ts";
import type { ImageRoot } from "./image_root.ts";
import { sha256 } from "./io.ts";
import { DENO_VERSION } from "./pins.ts";
import { type NpmPackage, npmPackages, sbom, type ShippedFile } from "./sbom.ts";

/** Where it lies in the image. */
export const SBOM_PATH = "/usr/share/doc/kuma-node-tooling/sbom.cdx.json";

/**
 * The document for an image that has these programs.
 *
 * @param checkout where their sources are
 * @param dist the folder of the compiled programs
 * @param programs what was built for the image; the first gives it its name
 */
export async function imageSbom(
  checkout: string,
  dist: string,
  programs: readonly Component[],
  root: ImageRoot,
): Promise<string> {
  const npm = new Map<string, NpmPackage>();
  const files: ShippedFile[] = [];
  for (const { binary, entry } of programs) {
    for (const one of await npmPackages(checkout, entry)) {
      npm.set(`${one.name}@${one.version}`, one);
    }
    files.push({
      name: binary,
      version: VERSION,
      sha256: sha256(await Deno.readFile(join(dist, binary))),
      purl: `pkg:generic/${binary}`,
    });
  }
  files.push({ name: "denort", version: DENO_VERSION, purl: "pkg:github/denoland/deno" });
  const [first] = programs;
  return sbom(
    { name: first?.binary ?? "", version: VERSION, kind: "container" },
    [...npm.values()],
    [...files, ...root.parts.values()],
  );
}
