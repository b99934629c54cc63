import { type Figures, percentile } from "./measure.ts";

/** A bound that a row must keep; a row that does not keep it fails the bench. */
export interface Bound {
  readonly text: string;
  readonly kept: boolean;
}

/** One line of the bench's table. */
export interface Row {
  readonly name: string;
  readonly figures: Figures;
  /** Ratios of p50 against other rows, by their label. */
  readonly ratios?: Readonly<Record<string, number>>;
  readonly bounds?: readonly Bound[];
}

/** p50 of one row's figures divided by another's. */
export function ratioOf(a: Figures, b: Figures): number {
  return percentile(a.ms, 0.5) / percentile(b.ms, 0.5);
}

/**
 * The median of the quotients of each round, where both were measured in turn: a machine that is slower for some seconds
 * is so for both. NaN for others.
 */
export function ratioByRounds({ rounds: a = [] }: Figures, { rounds: b = [] }: Figures): number {
  const quotients = a.map((ms, round) => ms / (b[round] ?? NaN));
  return percentile(quotients.toSorted((one, other) => one - other), 0.5);
}

/** The table as text: p50, p95, peak RSS, ratios and whether each bound was kept. */
export function renderTable(title: string, rows: readonly Row[]): string {
  const cells = [
    ["program", "runs", "p50 ms", "p95 ms", "peak RSS MiB", "ratios", "bounds"],
    ...rows.map((row) => [
      row.name,
      String(row.figures.ms.length),
      percentile(row.figures.ms, 0.5).toFixed(1),
      percentile(row.figures.ms, 0.95).toFixed(1),
      row.figures.rssMiB === undefined ? "-" : row.figures.rssMiB.toFixed(1),
      Object.entries(row.ratios ?? {}).map(([of, x]) => `${x.toFixed(2)}x ${of}`).join(", "),
      (row.bounds ?? []).map((bound) => `${bound.kept ? "ok" : "MISSED"}: ${bound.text}`)
        .join("; "),
    ]),
  ];
  const widths = cells[0]!.map((_, column) =>
    Math.max(...cells.map((line) => line[column]!.length))
  );
  const lines = cells.map((line) =>
    line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()
  );
  return [`## ${title}`, "", ...lines, ""].join("\n");
}

/** The rows of which a bound was missed. */
export function missed(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => row.bounds?.some((bound) => !bound.kept));
}
