/**
 * What the build is pinned to: the Deno release and, for hosts that cannot reach Deno's own download
 * server, where the runtime (`denort`) of that very release is found on npm.
 *
 * @module
 */

/** The processor architectures that we build for, by their Debian and container names. */
export type Arch = "amd64" | "arm64";

/** The Deno release that everything is built and tested with. */
export const DENO_VERSION = "2.7.11";

/** Everything that differs between architectures. */
export interface Target {
  /** Deno's and the compiler's name of it. */
  triple: string;
  /** The C library's name of it, as in `/lib/<multiarch>`. */
  multiarch: string;
  /** `e_machine` of an ELF file, elf(5). */
  machine: number;
  /** File name of the dynamic loader. */
  loader: string;
  /** The denort of {@linkcode DENO_VERSION}: size in bytes and sha256 in hex. */
  denort: { size: number; sha256: string };
  /** The npm package with a program that was compiled with it, the tarball's integrity, the program's path. */
  npm: { name: string; version: string; integrity: string; file: string };
}

/** The targets by architecture. */
export const TARGETS: Readonly<Record<Arch, Target>> = {
  amd64: {
    triple: "x86_64-unknown-linux-gnu",
    multiarch: "x86_64-linux-gnu",
    machine: 62,
    loader: "ld-linux-x86-64.so.2",
    denort: {
      size: 97_076_048,
      sha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
    },
    npm: {
      name: "@stdy/cli-linux-x64",
      version: "0.22.2",
      integrity:
        "sha512-kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==",
      file: "bin/steady",
    },
  },
  arm64: {
    triple: "aarch64-unknown-linux-gnu",
    multiarch: "aarch64-linux-gnu",
    machine: 183,
    loader: "ld-linux-aarch64.so.1",
    denort: {
      size: 90_596_104,
      sha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
    },
    npm: {
      name: "@stdy/cli-linux-arm64",
      version: "0.22.2",
      integrity:
        "sha512-HjSQdAt40CpYIauUKJ1xyIEsdrf5LtQP1x8Su7BEZJN94807ROJXxabW+jXyc48823tVBkrnxNUUTrBK4TVTRw==",
      file: "bin/steady",
    },
  },
};

/** True for the name of an architecture that we build for. */
export function isArch(name: string): name is Arch {
  return Object.hasOwn(TARGETS, name);
}

/** The architecture of this machine. */
export function hostArch(): Arch {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}
