/**
 * Container images of our programs: FROM scratch, with the programs and what they need. The same programs and
 * libraries give the same image, to the byte.
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import { KumaError } from "core/errors.ts";
import { build, parseBuildArgs } from "./build.ts";
import { chooseComponents, findComponents } from "./components.ts";
import { distDir } from "./compile.ts";
import { type ImageContents, IMAGES } from "./image_contents.ts";
import { ImageRoot } from "./image_root.ts";
import { imageSbom, SBOM_PATH } from "./image_sbom.ts";
import { runOk, say, withTempDir } from "./io.ts";
import type { Arch } from "./pins.ts";
import { IMAGE_NEEDS, setUp } from "./setup.ts";

/** What the command line of `deno task image` asks for. */
export interface ImageRequest {
  readonly component: string;
  readonly arch: Arch;
  /** Name of the image; empty for `localhost/<binary>:latest`. */
  readonly tag: string;
}

/** An image that was made. */
export interface MadeImage {
  readonly tag: string;
  /** The digest of its configuration, hex. */
  readonly id: string;
  /** Bytes of all its files. */
  readonly size: number;
  /** What is in it: a CycloneDX document, beside the compiled programs. */
  readonly sbom: string;
}

/**
 * Reads `[component] [--arch amd64|arm64] [--tag NAME]`.
 *
 * @throws {KumaError} `KUMA-BUILD-004` for what it cannot mean
 */
export function parseImageArgs(args: readonly string[]): ImageRequest {
  const rest = args.flatMap((arg) => arg.startsWith("--tag=") ? ["--tag", arg.slice(6)] : [arg]);
  const at = rest.indexOf("--tag");
  const [, tag = ""] = at < 0 ? [] : rest.splice(at, 2);
  if (at >= 0 && !/^[a-z0-9][A-Za-z0-9._:/-]*$/.test(tag)) throw usage(`"${tag}" is no image name`);
  const { names, arch } = parseBuildArgs(rest);
  const [component = "webhook", ...more] = names;
  if (more.length > 0) throw usage("one component at a time has an image");
  return { component, arch, tag };
}

/**
 * Builds what the image of a component of the checkout at `root` holds, and makes it in podman's own store.
 *
 * @throws {KumaError} `KUMA-BUILD-001` to `-008`: what failed and what to do
 */
export async function makeImage(root: string, request: ImageRequest): Promise<MadeImage> {
  const { contents } = await chosen(root, request);
  await setUp([...IMAGE_NEEDS, ...contents.needs(request.arch)]);
  await build(root, { names: [...contents.components], arch: request.arch });
  return await imageOfBuilt(root, request);
}

/** The component that is asked for, what is in its image, and all components of the checkout. */
async function chosen(root: string, request: ImageRequest) {
  const all = await findComponents(root);
  const [component] = chooseComponents(all, [request.component]);
  const contents = component === undefined ? undefined : IMAGES[component.name];
  if (component === undefined || contents === undefined) {
    const known = Object.keys(IMAGES).join(", ");
    throw usage(`there is no image of ${request.component}, only of ${known}`);
  }
  return { all, component, contents };
}

/**
 * As {@linkcode makeImage}, of what was built before.
 *
 * @throws {KumaError} `KUMA-BUILD-001`, `-004`: what failed and what to do
 */
export async function imageOfBuilt(root: string, request: ImageRequest): Promise<MadeImage> {
  const { arch } = request;
  const { all, component, contents } = await chosen(root, request);
  const tag = request.tag === "" ? `localhost/${component.binary}:latest` : request.tag;
  const dist = distDir(root, arch);
  const sbom = join(dist, `${component.binary}.image.cdx.json`);
  const { id, size } = await packImage(
    contents,
    { dist, arch, tag },
    async (files) => {
      const text = await imageSbom(
        root,
        dist,
        chooseComponents(all, [...contents.components]),
        files,
      );
      await Deno.writeTextFile(sbom, text);
      await files.text(SBOM_PATH, text);
      await files.copy(join(root, "LICENSE"), join(dirname(SBOM_PATH), "LICENSE"), 0o644);
    },
  );
  say(
    `image ${tag}: ${id.slice(0, 12)}, ${(size / 1e6).toFixed(1)} MB; what is in it: ${
      relative(root, sbom)
    }`,
  );
  return { tag, id, size, sbom };
}

/** Where the compiled programs lie that an image is made of, and what it is called. */
export interface PackRequest {
  readonly dist: string;
  readonly arch: Arch;
  readonly tag: string;
}

/** Makes an image of compiled programs; `more` adds what belongs into it beside its contents. */
export function packImage(
  contents: ImageContents,
  { dist, arch, tag }: PackRequest,
  more?: (root: ImageRoot) => Promise<void>,
): Promise<{ id: string; size: number }> {
  return withTempDir(async (dir) => {
    const root = new ImageRoot(join(dir, "root"));
    await root.folder("/");
    const start = await contents.fill(root, dist, arch);
    await more?.(root);
    const recipe = ["FROM scratch", "COPY --chown=0:0 root/ /", ...start];
    await Deno.writeTextFile(join(dir, "Containerfile"), `${recipe.join("\n")}\n`);
    // No time and no version of the tool: the image's ID says what is in it and nothing else.
    const fixed = ["--timestamp=0", "--identity-label=false", "--layers=false"];
    const args = ["build", "--quiet", ...fixed, `--arch=${arch}`, `--tag=${tag}`, dir];
    const printed = (await runOk("podman", args)).trim();
    const id = printed.slice(printed.lastIndexOf("\n") + 1);
    const size = await runOk("podman", ["image", "inspect", "--format={{.Size}}", tag]);
    return { id, size: Number(size) };
  });
}

function usage(why: string): KumaError {
  return new KumaError("KUMA-BUILD-004", `Cannot make an image: ${why}`, {
    hint: "usage: deno task image [component] [--arch amd64|arm64] [--tag NAME]",
  });
}
