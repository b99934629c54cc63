/**
 * kuma-ebpf-loader: attaches BPF programs that give a pod's connections to its sidecar, and tells what they do.
 *
 * Its limits: it redirects sockets, so what has none on this node (virtual networks behind a bridge) is left to
 * iptables; network namespaces need a cookie, which Linux gives them since 5.7.
 *
 * @module
 */
import { systemIo } from "core/program/io.ts";
import { runProgram } from "core/program/program.ts";
import { KUMA_EBPF_LOADER } from "./program.ts";

Deno.exit(await runProgram(KUMA_EBPF_LOADER, Deno.args, systemIo([])));
