/**
 * The way of a packet through the chains as a picture: Mermaid, Graphviz, or a page of HTML that stands alone.
 *
 * @module
 */
import type { ExplainedPacket } from "core/rules/explain.ts";
import { type Graph, graphOf } from "core/rules/graph.ts";
import type { Ruleset } from "core/rules/model.ts";
import { packetPage, type PageContents } from "./page.ts";

/**
 * Draws `ruleset` with what the packet met in it marked. The text ends with a line break.
 *
 * @param contents what the page says beside
 */
export function packetPicture(
  format: "mermaid" | "dot" | "html",
  { ruleset, explained }: { readonly ruleset: Ruleset; readonly explained: ExplainedPacket },
  contents: PageContents,
): string {
  const graph = graphOf(ruleset, explained);
  switch (format) {
    case "mermaid":
      return mermaid(graph);
    case "dot":
      return dot(graph);
    case "html":
      return packetPage(graph, ruleset, contents);
  }
}

function mermaid({ nodes, edges }: Graph): string {
  const name = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const lines = [
    "flowchart LR",
    ...nodes.map(({ id, label, kind }) =>
      `  ${name.get(id)}${kind === "chain" ? `["${label}"]` : `(["${label}"])`}`
    ),
    ...edges.map(({ from, to, label, met }) =>
      `  ${name.get(from)} ${met ? "==>" : "-->"}|"${label}"| ${name.get(to)}`
    ),
  ];
  const met = edges.flatMap((edge, index) => edge.met ? [index] : []);
  if (met.length > 0) lines.push(`  linkStyle ${met.join(",")} stroke:#d9480f,stroke-width:3px`);
  return `${lines.join("\n")}\n`;
}

function dot({ nodes, edges }: Graph): string {
  const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return [
    "digraph packet {",
    "  rankdir=LR;",
    ...nodes.map(({ id, label, kind }) =>
      `  ${quoted(id)} [label=${quoted(label)}, shape=${kind === "chain" ? "box" : "oval"}];`
    ),
    ...edges.map(({ from, to, label, met }) =>
      `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(label)}${
        met ? ', color="#d9480f", penwidth=3' : ""
      }];`
    ),
    "}",
    "",
  ].join("\n");
}
