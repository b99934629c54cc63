/**
 * What is in each image, and how it is started.
 *
 * @module
 */
import { join } from "node:path";
import { debianFiles, fileOf, libraryOf, packageOf } from "./debian_files.ts";
import { runtimeLibraries } from "./host_runtime.ts";
import { exists, runOk, withTempDir } from "./io.ts";
import { addDebian, addLicences, type ImageRoot } from "./image_root.ts";
import { type Arch, hostArch, TARGETS } from "./pins.ts";
import { type Need, runtimeNeeds } from "./setup.ts";

/** User and group of webhook and controller in their images: not root, and nobody else's. */
const IMAGE_USER = 65_532;

/** Kuma's user of the sidecar, which kumactl looks up: its traffic is not redirected. */
const KUMA_DP = 5678;

/** One kind of image. */
export interface ImageContents {
  /** The components that are built for it; the first gives the image its name. */
  readonly components: readonly string[];
  /** What this machine needs beside podman. */
  readonly needs: (arch: Arch) => readonly Need[];
  /**
   * Fills the image's root from the folder of compiled programs.
   *
   * @returns the lines of the Containerfile behind COPY
   */
  readonly fill: (root: ImageRoot, dist: string, arch: Arch) => Promise<string[]>;
}

/** The images by component. */
export const IMAGES: Readonly<Record<string, ImageContents>> = {
  webhook: {
    components: ["webhook"],
    needs: runtimeNeeds,
    fill: (root, dist, arch) => server("kuma-webhook", root, { dist, arch }),
  },
  controller: {
    components: ["controller"],
    needs: runtimeNeeds,
    fill: (root, dist, arch) => server("kuma-controller", root, { dist, arch }),
  },
  kumactl: {
    components: ["kumactl"],
    needs: (arch) => [
      { package: "patchelf", probe: "patchelf" },
      ...arch === hostArch() ? [{ package: "iptables", probe: "xtables-nft-multi" }] : [],
      ...bpfNeeds(arch),
    ],
    fill: kumactl,
  },
  installer: {
    components: ["installer", "cni"],
    needs: (arch) => [...runtimeNeeds(arch), ...bpfNeeds(arch)],
    fill: installer,
  },
  "ebpf-loader": {
    components: ["ebpf-loader"],
    needs: (arch) => [{ package: "patchelf", probe: "patchelf" }, ...bpfNeeds(arch)],
    fill: loader,
  },
};

/** A program that serves, with its libraries, as nobody's user. */
async function server(
  name: string,
  root: ImageRoot,
  { dist, arch }: { dist: string; arch: Arch },
): Promise<string[]> {
  const inside = `/usr/bin/${name}`;
  const program = join(dist, name);
  // The folder of temporary files, for who runs it without a volume there.
  await root.folder("/tmp", 0o1777);
  await root.copy(program, inside);
  const { loader, multiarch } = TARGETS[arch];
  const interpreter = (await runOk("patchelf", ["--print-interpreter", program])).trim();
  for (const [name, from] of await runtimeLibraries(program, arch)) {
    await root.copy(from, name === loader ? interpreter : `/lib/${multiarch}/${name}`);
    const { purl, version } = await packageOf(from);
    const part = purl.replace(/^.*\//, "");
    root.parts.set(purl, { name: part, version, purl });
    const licence = `/usr/share/doc/${part}/copyright`;
    if (await exists(licence)) await root.copy(licence, licence, 0o644);
  }
  return [`USER ${IMAGE_USER}:${IMAGE_USER}`, `ENTRYPOINT ${JSON.stringify([inside])}`];
}

/** kuma-init and kuma-validation: kumactl, and iptables of both flavours with all extensions. */
async function kumactl(root: ImageRoot, dist: string, arch: Arch): Promise<string[]> {
  const inside = "/usr/bin/kumactl";
  const program = join(dist, "kumactl");
  await root.folder("/tmp", 0o1777);
  await root.copy(program, inside);
  await root.text(
    "/etc/passwd",
    [
      "root:x:0:0:root:/:/sbin/nologin",
      `kuma-dp:x:${KUMA_DP}:${KUMA_DP}::/:/sbin/nologin`,
      "",
    ].join("\n"),
  );
  await withTempDir(async (dir) => {
    const packages = ["iptables", ...LIBBPF.packages, "libc6", "libgcc-s1"];
    const files = await debianFiles(arch, packages, dir);
    const extensions = `/usr/lib/${TARGETS[arch].multiarch}/xtables`;
    const names: string[] = [];
    for await (const { name } of Deno.readDir(await fileOf(files, extensions))) names.push(name);
    await addDebian(root, files, arch, [program], [
      "/usr/sbin/xtables-nft-multi",
      "/usr/sbin/xtables-legacy-multi",
      libbpf(arch),
      ...names.filter((name) => name.endsWith(".so")).sort().map((name) => `${extensions}/${name}`),
    ]);
  });
  for (const tool of ["iptables", "ip6tables"]) {
    for (const role of ["", "-save", "-restore"]) {
      for (const flavour of ["nft", "legacy"]) {
        await root.link(`/usr/sbin/${tool}-${flavour}${role}`, `xtables-${flavour}-multi`);
      }
      await root.link(`/usr/sbin/${tool}${role}`, "xtables-nft-multi");
    }
  }
  return ["USER 0:0", `ENTRYPOINT ${JSON.stringify([inside])}`];
}

/** kuma-ebpf-loader with libbpf, as root: it loads programs for the node. */
async function loader(root: ImageRoot, dist: string, arch: Arch): Promise<string[]> {
  const inside = "/usr/bin/kuma-ebpf-loader";
  const program = join(dist, "kuma-ebpf-loader");
  await root.folder("/tmp", 0o1777);
  await root.copy(program, inside);
  await withTempDir(async (dir) => {
    const files = await debianFiles(arch, [...LIBBPF.packages, "libc6", "libgcc-s1"], dir);
    await addDebian(root, files, arch, [program], [libbpf(arch)]);
  });
  return ["USER 0:0", `ENTRYPOINT ${JSON.stringify([inside])}`, 'CMD ["run"]'];
}

/** What the eBPF mode opens at run time, by its name. */
const LIBBPF = {
  packages: ["libbpf1", "libelf1", "zlib1g"],
  name: "libbpf.so.1",
  libraries: ["libbpf.so.1", "libelf.so.1", "libz.so.1"],
} as const;

function libbpf(arch: Arch): string {
  return `/usr/lib/${TARGETS[arch].multiarch}/${LIBBPF.name}`;
}

/** For another architecture, packages are fetched when an image is made. */
function bpfNeeds(arch: Arch): Need[] {
  return arch === hostArch() ? [{ package: "libbpf1", probe: libbpf(arch) }] : [];
}

/**
 * The CNI's DaemonSet: places as in Kuma's image. Kuma's chart starts the installer through `sh` and `sleep` and
 * asks by `cat /tmp/ready` whether it is ready, so these three are there.
 */
async function installer(root: ImageRoot, dist: string, arch: Arch): Promise<string[]> {
  const inside = "/install-cni", plugins = "/opt/cni/bin";
  await root.folder("/tmp", 0o1777);
  await root.copy(join(dist, "install-cni"), inside);
  await root.copy(join(dist, "kuma-cni"), `${plugins}/kuma-cni`);
  const runtime = ".kuma-cni-runtime";
  for await (const { name } of Deno.readDir(join(dist, runtime))) {
    const mode = [TARGETS[arch].loader, "kuma-cni"].includes(name) ? 0o755 : 0o644;
    await root.copy(join(dist, runtime, name), `${plugins}/${runtime}/${name}`, mode);
  }
  await withTempDir(async (dir) => {
    const packages = ["dash", "coreutils", ...LIBBPF.packages, "libc6", "libgcc-s1"];
    const files = await debianFiles(arch, packages, dir);
    const libraries = await Promise.all(
      LIBBPF.libraries.map((name) => libraryOf(files, arch, name)),
    );
    for (const [at, name] of LIBBPF.libraries.entries()) {
      await root.copy(libraries[at] ?? "", `${plugins}/${runtime}/${name}`, 0o644);
    }
    await addLicences(root, files, libraries);
    await addDebian(root, files, arch, [join(dist, "install-cni")], [
      "/bin/dash",
      "/bin/sleep",
      "/bin/cat",
    ]);
  });
  await root.link("/bin/sh", "dash");
  const path = `/usr/sbin:/usr/bin:/sbin:/bin:${plugins}`;
  return [
    "USER 0:0",
    `ENV PATH=${path}`,
    `WORKDIR ${plugins}`,
    `ENTRYPOINT ${JSON.stringify([inside])}`,
  ];
}
