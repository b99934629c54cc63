/**
 * What ADD, CHECK and STATUS need and DEL does not, as one module: each file that a program loads costs
 * it time.
 *
 * @module
 */
export { add } from "./add.ts";
export { check } from "./check.ts";
export { pluginLog } from "./log.ts";
export { status } from "./status.ts";
