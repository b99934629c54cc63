import { testHelp } from "core/program/testing_help.ts";
import { KUMA_CONTROLLER } from "./program.ts";

testHelp(KUMA_CONTROLLER);
