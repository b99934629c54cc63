/**
 * Whether this replica may write. Asked at the last moment before each write: a process that was stopped for a
 * while goes on where it was, and somebody else may lead by then.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** The hold on the Lease, as the control loops' client sees it. */
export class Leadership {
  #holds: () => boolean = () => false;

  /** From now on `holds` says whether it leads. */
  begin(holds: () => boolean): void {
    this.#holds = holds;
  }

  /** @throws {KumaError} `KUMA-CTL-005` this replica does not lead, or may not do so any more. */
  check(): void {
    if (this.#holds()) return;
    throw new KumaError("KUMA-CTL-005", "nothing is written: this replica may not lead any more");
  }
}
