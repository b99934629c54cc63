/**
 * The programs of this repository, as data.
 *
 * @module
 */
import type { Program } from "core/program/program.ts";
import { KUMA_CNI } from "../../cni/program.ts";
import { KUMA_CONTROLLER } from "../../controller/program.ts";
import { KUMA_EBPF_LOADER } from "../../ebpf-loader/program.ts";
import { INSTALL_CNI } from "../../installer/install_program.ts";
import { KUMACTL } from "../../kumactl/program.ts";
import { KUMA_WEBHOOK } from "../../webhook/program.ts";

/** All of them, in the order in which people meet them. */
export const PROGRAMS: readonly Program[] = [
  KUMACTL,
  KUMA_CNI,
  INSTALL_CNI,
  KUMA_WEBHOOK,
  KUMA_CONTROLLER,
  KUMA_EBPF_LOADER,
];
