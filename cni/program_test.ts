import { testHelp } from "core/program/testing_help.ts";
import { KUMA_CNI } from "./program.ts";

testHelp(KUMA_CNI);
