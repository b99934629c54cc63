/**
 * All tables of checks, as the documentation has them.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";
import { BEFORE_SECTIONS } from "./host_before.ts";

/** What one way to call `kumactl check` looks at. */
export interface CheckTable {
  /** The command line. */
  readonly command: string;
  readonly sections: Readonly<Record<string, SectionDefinition>>;
}

/** In the order of the documentation. */
export const CHECK_TABLES: readonly CheckTable[] = [
  { command: "kumactl check --pre", sections: BEFORE_SECTIONS },
];
