/**
 * What each first stage has beside the program's own modules.
 *
 * @module
 */
export { load } from "core/program/attached_modules.ts";
