import { testHelp } from "core/program/testing_help.ts";
import { KUMA_EBPF_LOADER } from "./program.ts";

testHelp(KUMA_EBPF_LOADER);
