/**
 * The plugin's program on this host over the installer's life: put, watched, put back, tidied.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import { programMarks } from "../netdir/marks.ts";
import {
  dropStaged,
  isInstalled,
  releaseOf,
  removeOldReleases,
  stageProgram,
  useRelease,
} from "../program.ts";
import { provePlugin } from "./prove.ts";
import type { Settings } from "../settings/settings.ts";

/** How often the bin dirs are tidied, in milliseconds. */
const TIDY_EVERY_MS = 30_000;

/** The program in the bin dirs, and the marks of what was last found right. */
export class HostProgram {
  #dirs: readonly string[] = [];
  #verified: string | undefined;
  #tidied = -Infinity;

  constructor(private readonly settings: Settings, private readonly log: Logger) {}

  /** Bin dirs (of this container) that have the program. */
  get dirs(): readonly string[] {
    return this.#dirs;
  }

  /** Folders of the release that is in use, one a bin dir. */
  get releases(): string[] {
    return this.#dirs.flatMap((dir) => {
      const folder = releaseOf(dir);
      return folder === undefined ? [] : [`${dir}/${folder}`];
    });
  }

  /**
   * Copies, tries, and only then uses: a release that does not run never takes the place of one that does.
   *
   * @throws {KumaError} `KUMA-INS-020`, `-021`; what was in use still is
   */
  async put(hostDir: string): Promise<void> {
    const staged = stageProgram(this.settings, hostDir, this.log);
    const { folder, dirs: [first = ""] } = staged;
    try {
      const place = { mounted: `${first}/${folder}`, host: `${hostDir}/${folder}` };
      const versions = await provePlugin(this.settings, place, this.log);
      this.log.info("the plugin runs on this host", { dir: hostDir, versions });
    } catch (error) {
      dropStaged(staged);
      throw error;
    }
    useRelease(staged);
    this.#dirs = staged.dirs;
    this.#verified = programMarks(staged.dirs);
  }

  /** As {@linkcode put}, where the program is no longer what it was; true when it had to be put back. */
  async ensure(hostDir: string): Promise<boolean> {
    const marks = programMarks(this.#dirs);
    if (marks === this.#verified) return false;
    if (this.#dirs.every((dir) => isInstalled(this.settings, dir, hostDir))) {
      this.#verified = marks;
      return false;
    }
    await this.put(hostDir);
    return true;
  }

  /** Whether nothing has changed since it was last found right; a few stat calls. */
  isVerified(): boolean {
    return this.#verified !== undefined && this.#verified === programMarks(this.#dirs);
  }

  /** Removes releases that nobody uses any more; looks at most every 30 s. */
  tidy(): void {
    const now = performance.now();
    if (now - this.#tidied < TIDY_EVERY_MS) return;
    this.#tidied = now;
    for (const dir of this.#dirs) removeOldReleases(dir);
  }
}
