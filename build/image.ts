/**
 * Container images of our programs: FROM scratch, with the program, the C library it needs, and nothing to
 * start a shell with. The same program and libraries give the same image, to the byte.
 *
 * kumactl is not among them yet: as `kuma-init` it runs iptables, which the image would have to hold
 * as well. kuma-cni and install-cni belong into one image of their own layout.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { KumaError } from "core/errors.ts";
import { build, parseBuildArgs } from "./build.ts";
import { chooseComponents, type Component, findComponents } from "./components.ts";
import { distDir } from "./compile.ts";
import { runtimeLibraries } from "./host_runtime.ts";
import { runOk, say, withTempDir } from "./io.ts";
import { type Arch, TARGETS } from "./pins.ts";
import { IMAGE_NEEDS, runtimeNeeds, setUp } from "./setup.ts";

/** Components that an image holding only their program is of use for. */
const WITH_IMAGE: readonly string[] = ["webhook"];

/** User and group of the program in the image: not root, and nobody else's. */
export const IMAGE_USER = 65_532;

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
 * Builds the component of the checkout at `root` and puts it into an image in podman's own store.
 *
 * @throws {KumaError} `KUMA-BUILD-001` to `-008`: what failed and what to do
 */
export async function makeImage(root: string, request: ImageRequest): Promise<MadeImage> {
  const { arch } = request;
  const [component] = chooseComponents(await findComponents(root), [request.component]);
  if (component === undefined || !WITH_IMAGE.includes(component.name)) {
    throw usage(`there is no image of ${request.component}, only of ${WITH_IMAGE.join(", ")}`);
  }
  await setUp([...IMAGE_NEEDS, ...runtimeNeeds(arch)]);
  await build(root, { names: [component.name], arch });
  const tag = request.tag === "" ? `localhost/${component.binary}:latest` : request.tag;
  const id = await packImage(component, join(distDir(root, arch), component.binary), arch, tag);
  say(`image ${tag}: ${id.slice(0, 12)}`);
  return { tag, id };
}

/** Puts a compiled program into an image as `/usr/bin/<binary>`; returns the image's ID. */
export function packImage(
  component: Pick<Component, "binary">,
  program: string,
  arch: Arch,
  tag: string,
): Promise<string> {
  const inside = `/usr/bin/${component.binary}`;
  return withTempDir(async (dir) => {
    const root = join(dir, "root");
    // The folder of temporary files, for who runs it without a volume there.
    await folder(join(root, "tmp"), 0o1777);
    await place(program, root, inside);
    for (const [path, from] of await libraries(program, arch)) await place(from, root, path);
    const recipe = [
      "FROM scratch",
      "COPY --chown=0:0 root/ /",
      `USER ${IMAGE_USER}:${IMAGE_USER}`,
      `ENTRYPOINT ${JSON.stringify([inside])}`,
    ];
    await Deno.writeTextFile(join(dir, "Containerfile"), `${recipe.join("\n")}\n`);
    // No time and no version of the tool: the image's ID says what is in it and nothing else.
    const fixed = ["--timestamp=0", "--identity-label=false", "--layers=false"];
    const args = ["build", "--quiet", ...fixed, `--arch=${arch}`, `--tag=${tag}`, dir];
    const printed = (await runOk("podman", args)).trim();
    return printed.slice(printed.lastIndexOf("\n") + 1);
  });
}

/** Where the program looks for loader and libraries, and the files of this machine that go there. */
async function libraries(program: string, arch: Arch): Promise<[string, string][]> {
  const { loader, multiarch } = TARGETS[arch];
  const interpreter = (await runOk("patchelf", ["--print-interpreter", program])).trim();
  return [...await runtimeLibraries(program, arch)].map(([name, from]) => [
    name === loader ? interpreter : `/lib/${multiarch}/${name}`,
    from,
  ]);
}

/** Copies a file to its place with modes that do not depend on this machine's umask. */
async function place(from: string, root: string, path: string): Promise<void> {
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
    await folder(join(root, path.slice(0, at)), 0o755);
  }
  const to = join(root, path);
  await folder(dirname(to), 0o755);
  await Deno.copyFile(from, to);
  await Deno.chmod(to, 0o755);
}

async function folder(path: string, mode: number): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chmod(path, mode);
}

function usage(why: string): KumaError {
  return new KumaError("KUMA-BUILD-004", `Cannot make an image: ${why}`, {
    hint: "usage: deno task image [component] [--arch amd64|arm64] [--tag NAME]",
  });
}
