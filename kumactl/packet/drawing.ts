/**
 * The chains as boxes with a line for each rule, side by side as packets pass them, and where packets end.
 *
 * @module
 */
import type { Graph, GraphEdge, GraphNode } from "core/rules/graph.ts";
import { escapeHtml } from "./escape.ts";

const ROW = 20, HEAD = 28, WIDTH = 430, ACROSS = 70, DOWN = 18, MARGIN = 8;
/** Characters of a line that its box has room for. */
const LETTERS = 62;

interface Box {
  readonly node: GraphNode;
  readonly column: number;
  readonly edges: readonly GraphEdge[];
  readonly height: number;
  top: number;
}

/** An SVG element; it is for the eye alone, as a page that has it says the same in words. */
export function drawing({ nodes, edges }: Graph): string {
  const boxes = placed(nodes, edges);
  const width = Math.max(...boxes.map(({ column }) => left(column))) + WIDTH + MARGIN;
  const height = Math.max(...boxes.map(({ top, height }) => top + height)) + MARGIN;
  const byId = new Map(boxes.map((box) => [box.node.id, box]));
  // Those of the packet's way come last, and so on top.
  const lines = boxes.flatMap((box) =>
    box.edges.map((edge, row) => ({ edge, path: curve(box, row, byId.get(edge.to)) }))
  ).sort((a, b) => Number(a.edge.met) - Number(b.edge.met));
  return [
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">`,
    ...lines.map(({ edge, path }) =>
      `<path class="${edge.met ? "edge met" : "edge"}" d="${path}"/>`
    ),
    ...boxes.map(drawnBox),
    "</svg>",
  ].join("\n");
}

function placed(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Box[] {
  const columns = columnsOf(nodes, edges);
  const boxes = nodes.map((node): Box => {
    const own = edges.filter(({ from }) => from === node.id);
    const height = HEAD + own.length * ROW + (own.length > 0 ? 6 : 0);
    return { node, column: columns.get(node.id) ?? 0, edges: own, height, top: 0 };
  });
  const ends = new Map<number, number>();
  for (const box of boxes) {
    box.top = ends.get(box.column) ?? MARGIN;
    ends.set(box.column, box.top + box.height + DOWN);
  }
  return boxes;
}

/** A chain stands right of all that lead to it, an end right of all chains. */
function columnsOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Map<string, number> {
  const columns = new Map(nodes.map(({ id }) => [id, 0]));
  const chains = new Set(nodes.filter(({ kind }) => kind === "chain").map(({ id }) => id));
  // Chains of ours never lead back to themselves; so many rounds are always enough.
  for (let round = 0; round < chains.size; round++) {
    for (const { from, to } of edges.filter((edge) => chains.has(edge.to))) {
      columns.set(to, Math.max(columns.get(to) ?? 0, (columns.get(from) ?? 0) + 1));
    }
  }
  const last = Math.max(0, ...[...chains].map((id) => columns.get(id) ?? 0)) + 1;
  for (const { id, kind } of nodes) if (kind === "end") columns.set(id, last);
  return columns;
}

function left(column: number): number {
  return MARGIN + column * (WIDTH + ACROSS);
}

function curve(box: Box, row: number, target: Box | undefined): string {
  const x = left(box.column) + WIDTH, y = box.top + HEAD + row * ROW + ROW / 2;
  if (target === undefined) return "";
  const toX = left(target.column), toY = target.top + HEAD / 2;
  const bend = Math.max(ACROSS / 2, (toX - x) / 2);
  return `M${x} ${y} C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
}

function drawnBox({ node, column, edges, height, top }: Box): string {
  const x = left(column), met = edges.some((edge) => edge.met);
  const rows = edges.map((edge, row) => {
    const mark = edge.step === undefined ? "" : `${edge.step}. `;
    const text = escapeHtml(shortened(`${mark}${edge.label}`));
    const y = top + HEAD + row * ROW + 14;
    return `<text class="${edge.met ? "rule met" : "rule"}" x="${x + 12}" y="${y}">${text}</text>`;
  });
  return [
    `<rect class="${node.kind}${met ? " met" : ""}" x="${x}" y="${top}" width="${WIDTH}" ` +
    `height="${height}" rx="6"/>`,
    `<text class="name" x="${x + 12}" y="${top + 19}">${escapeHtml(node.label)}</text>`,
    ...rows,
  ].join("\n");
}

function shortened(text: string): string {
  return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
}
