/**
 * The file that the chart's readiness probe reads: there while everything is in place.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { createExclusive, removeIfThere } from "core/host/atomic_file.ts";
import type { Logger } from "core/log/logger.ts";

/** Creates and removes the file as readiness comes and goes. */
export class ReadyFile {
  #there = false;

  constructor(private readonly path: string, private readonly log: Logger) {}

  /** Makes the file be there, or not. Never throws: `/readyz` tells the same. */
  set(ready: boolean): void {
    if (ready === this.#there || this.path === "") return;
    try {
      // Whatever is there was not made by this process: an emptyDir outlives a container.
      removeIfThere(this.path);
      if (ready) createExclusive(this.path, "", { mode: 0o644 });
      this.#there = ready;
      this.log.info(ready ? "ready" : "not ready");
    } catch (error) {
      this.log.warn("cannot write the readiness file", {
        path: this.path,
        error: errorText(error),
      });
    }
  }
}
