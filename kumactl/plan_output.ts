/**
 * How `install` and `uninstall transparent-proxy` tell what would change, or what did: as text, as a diff, or as a
 * document.
 *
 * @module
 */
import type { HostChange } from "core/host/transparent_proxy/host_change.ts";
import type { HostReport } from "core/host/transparent_proxy/options.ts";
import { currentPrivileges } from "core/host/privileges.ts";
import { KumaError } from "core/errors.ts";
import type { ParsedCommand } from "core/program/command.ts";
import { type Io, withOut } from "core/program/io.ts";
import { type Document, type DocumentFormat, FORMATS, printDocument } from "core/program/output.ts";

/** What a run has done, or a dry run would do. */
export interface PlanDocument extends Document {
  /** Whether nothing was changed, since that was asked for. */
  readonly dryRun: boolean;
  /** Whether rules, or files that are no notes of ours, are different now; in a dry run, would be. */
  readonly changed: boolean;
  readonly backend: HostReport["backend"] | "eBPF";
  /** IP families that have our rules then. */
  readonly families: HostReport["families"];
  /** Why IPv6 has none. */
  readonly ipv6Skipped?: string | undefined;
  /** Everything that would be different, with its lines before and after; of a dry run alone. */
  readonly changes?: readonly HostChange[];
  /** What the run printed for people: the rules, in the form of the backend. */
  readonly text: string;
}

/** What `install transparent-proxy -o json` prints. */
export interface InstallPlanDocument extends PlanDocument {
  readonly schema: "kuma.io/kumactl-install-transparent-proxy/v1";
}

/** What `uninstall transparent-proxy -o json` prints. */
export interface UninstallPlanDocument extends PlanDocument {
  readonly schema: "kuma.io/kumactl-uninstall-transparent-proxy/v1";
}

/** What is needed of a report. */
export type PlanReport =
  & Pick<PlanDocument, "changed" | "backend" | "families" | "ipv6Skipped">
  & { readonly changes: readonly HostChange[] };

/** How one run is told. */
export class PlanOutput {
  readonly diff: boolean;
  readonly format: DocumentFormat | "text";
  /** Takes what would go to standard output. */
  readonly io: Io;
  readonly #out: Io;
  #text = "";

  /** @throws {KumaError} `KUMA-TP-043` for a diff or document by somebody who may not look at the firewall. */
  constructor(parsed: ParsedCommand, io: Io) {
    this.diff = parsed.on("diff");
    this.format = parsed.choice("output", FORMATS);
    this.#out = io;
    this.io = this.quiet ? withOut(io, (text) => this.#text += text) : io;
    // That nothing would change is not to be said by who sees nothing; the text says itself what it leaves out.
    if (this.quiet && !currentPrivileges().has("CAP_NET_ADMIN")) {
      throw new KumaError("KUMA-TP-043", "the firewall cannot be looked at without CAP_NET_ADMIN", {
        hint: "run it as root",
      });
    }
  }

  /** Whether standard output is for something else than log lines. */
  get quiet(): boolean {
    return this.diff || this.format !== "text";
  }

  /** Ends the run: prints what is to be printed, and gives the exit code. */
  async end(
    schema: `kuma.io/kumactl-${"install" | "uninstall"}-transparent-proxy/v1`,
    dryRun: boolean,
    report: PlanReport,
  ): Promise<number> {
    const { changes, changed, backend, families, ipv6Skipped } = report;
    if (this.format !== "text") {
      const document: PlanDocument = {
        schema,
        dryRun,
        ...{ changed, backend, families, ipv6Skipped },
        ...dryRun ? { changes } : {},
        text: this.#text,
      };
      await printDocument(this.#out, this.format, document);
    } else if (this.diff) {
      const { unifiedDiff } = await import("./unified_diff.ts");
      this.#out.out(unifiedDiff(changes));
    }
    return this.diff && changes.length > 0 ? 1 : 0;
  }
}
