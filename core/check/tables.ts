/**
 * All tables of checks, as the documentation has them.
 *
 * @module
 */
import type { SectionDefinition } from "./definition.ts";
import { CLUSTER_SECTIONS } from "./cluster.ts";
import { AFTER_SECTIONS } from "./host_after.ts";
import { ALWAYS_SECTIONS } from "./host_always.ts";
import { BEFORE_SECTIONS } from "./host_before.ts";

/** Checks of one occasion. */
export interface CheckTable {
  /** When they are made: a heading. */
  readonly heading: string;
  readonly sections: Readonly<Record<string, SectionDefinition>>;
}

/** In the order of the documentation. */
export const CHECK_TABLES: readonly CheckTable[] = [
  { heading: "Before the installation: `kumactl check --pre`", sections: BEFORE_SECTIONS },
  { heading: "After the installation: `kumactl check`", sections: AFTER_SECTIONS },
  { heading: "Before and after", sections: ALWAYS_SECTIONS },
  { heading: "A cluster: `kumactl check --kubernetes`", sections: CLUSTER_SECTIONS },
];
