/** @module */
export { loadCommand as runCommand } from "./load_command.ts";
