import type { FlagDefinition } from "core/program/command.ts";

/** The flag that both commands have beside `--dry-run`. */
export const DIFF_FLAG: FlagDefinition = {
  name: "diff",
  bool: true,
  help: "change nothing, show what would change as a unified diff; exits 1 where anything would",
};
