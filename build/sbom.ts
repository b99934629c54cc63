/**
 * What is in a program, as a CycloneDX document: npm packages of its bundle, Deno's runtime, and the libraries
 * that lie beside it.
 *
 * @module
 */
import * as CycloneDx from "@cyclonedx/cyclonedx-library";
import { join } from "node:path";
import { exists, runOk } from "./io.ts";
import { DENO_VERSION } from "./pins.ts";

/** An npm package that a program was bundled from. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says it: an SPDX expression; empty where it says none. */
  readonly licence: string;
}

/** A file that is shipped beside a program or inside it, and where it comes from. */
export interface ShippedFile {
  readonly name: string;
  readonly version: string;
  /** Absent where it stands for more than one file. */
  readonly sha256?: string;
  /** A package URL (purl) without version, such as `pkg:deb/debian/libc6`. */
  readonly purl: string;
}

interface DenoInfo {
  readonly npmPackages?: Readonly<
    Record<string, { name: string; version: string; dependencies: readonly string[] }>
  >;
  readonly modules: readonly { kind?: string; npmPackage?: string }[];
  readonly npmCache?: string;
}

/**
 * The npm packages that the program at `entry` imports, and those that they name as dependencies, sorted.
 *
 * @throws {KumaError} `KUMA-BUILD-001` when `deno info` fails
 */
export async function npmPackages(root: string, entry: string): Promise<NpmPackage[]> {
  const [graph, place] = await Promise.all([
    denoInfo(root, [entry]),
    denoInfo(root, []),
  ]);
  const known = graph.npmPackages ?? {};
  const wanted = graph.modules.flatMap(({ npmPackage }) => npmPackage ?? []);
  const found = new Set<string>();
  for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    wanted.push(...known[id]?.dependencies ?? []);
  }
  const packages: NpmPackage[] = [];
  for (const id of [...found].sort()) {
    const one = known[id];
    if (
      one === undefined ||
      packages.some((has) => has.name === one.name && has.version === one.version)
    ) {
      continue;
    }
    packages.push({
      ...one,
      licence: await licenceOf(place.npmCache ?? "", one.name, one.version),
    });
  }
  return packages;
}

async function denoInfo(root: string, args: string[]): Promise<DenoInfo> {
  return JSON.parse(await runOk(Deno.execPath(), ["info", "--json", ...args], { cwd: root }));
}

/** The registry's host is a folder of the cache; whichever has the package will do. */
async function licenceOf(cache: string, name: string, version: string): Promise<string> {
  for await (const host of Deno.readDir(cache)) {
    const path = join(cache, host.name, name, version, "package.json");
    if (!await exists(path)) continue;
    const { license } = JSON.parse(await Deno.readTextFile(path)) as { license?: unknown };
    return typeof license === "string" ? license : "";
  }
  return "";
}

/** What a document is about: a program, or a container image, which has no sum while its document is written. */
export interface SbomSubject {
  readonly name: string;
  readonly version: string;
  readonly sha256?: string;
  readonly kind?: "application" | "container";
}

/** The document for one program or image: JSON of CycloneDX 1.6, the same for the same contents. */
export function sbom(
  subject: SbomSubject,
  packages: readonly NpmPackage[],
  files: readonly ShippedFile[],
): string {
  const { Enums, Models, Serialize, Spec } = CycloneDx;
  const bom = new Models.Bom();
  const kind = subject.kind === "container" ? "Container" : "Application";
  const root = new Models.Component(Enums.ComponentType[kind], subject.name, {
    version: subject.version,
    bomRef: `${subject.name}@${subject.version}`,
    hashes: hashes(subject.sha256),
    licenses: new Models.LicenseRepository([new Models.SpdxLicense("Apache-2.0")]),
  });
  bom.metadata.component = root;
  for (const { name, version, licence } of packages) {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    bom.components.add(
      new Models.Component(Enums.ComponentType.Library, name, {
        version,
        bomRef: purl,
        purl,
        ...licence === ""
          ? {}
          : { licenses: new Models.LicenseRepository([new Models.LicenseExpression(licence)]) },
      }),
    );
  }
  for (const { name, version, sha256, purl } of files) {
    bom.components.add(
      new Models.Component(Enums.ComponentType.Library, name, {
        version,
        bomRef: name,
        purl: version === "" ? purl : `${purl}@${version}`,
        hashes: hashes(sha256),
      }),
    );
  }
  for (const part of bom.components) root.dependencies.add(part.bomRef);
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 }) + "\n";
}

function hashes(sha256?: string): CycloneDx.Models.HashDictionary {
  const { Enums, Models } = CycloneDx;
  return new Models.HashDictionary(
    sha256 === undefined ? [] : [[Enums.HashAlgorithm["SHA-256"], sha256]],
  );
}

/** The runtime as a part of a program. */
export function denoRuntime(sha256: string): ShippedFile {
  return { name: "denort", version: DENO_VERSION, sha256, purl: "pkg:github/denoland/deno" };
}
