/**
 * The way of a packet through the chains as a picture: Mermaid, Graphviz, or a page of HTML that stands alone.
 *
 * @module
 */
import { describePacket, type ExplainedPacket } from "core/rules/explain.ts";
import { type Graph, graphOf } from "core/rules/graph.ts";
import type { Ruleset } from "core/rules/model.ts";
import { renderRuleSpec } from "core/rules/render.ts";

/** Draws `ruleset` with what the packet met in it marked. The text ends with a line break. */
export function packetPicture(
  format: "mermaid" | "dot" | "html",
  ruleset: Ruleset,
  explained: ExplainedPacket,
): string {
  switch (format) {
    case "mermaid":
      return mermaid(graphOf(ruleset, explained));
    case "dot":
      return dot(graphOf(ruleset, explained));
    case "html":
      return page(ruleset, explained);
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

function page(ruleset: Ruleset, explained: ExplainedPacket): string {
  const { packet, outcome, port, steps } = explained;
  const end = outcome === "redirected" ? `redirected to port ${port}` : outcome;
  const met = new Map(
    steps.map(({ table, chain, why }, index) => [`${table}/${chain}/${why}`, index + 1]),
  );
  const { nodes } = graphOf(ruleset, explained);
  const sections = nodes.filter(({ kind }) => kind === "chain").map(({ id, label }) => {
    const [table, chain] = id.split("/");
    const rules = ruleset.tables.find(({ name }) => name === table)?.rules ?? [];
    const items = rules.filter((rule) => rule.chain === chain).map(({ comment, ...rule }) => {
      const step = met.get(`${id}/${comment}`);
      const mark = step === undefined ? "" : `<strong>Step ${step}: met.</strong> `;
      return `<li${step === undefined ? "" : ' class="met"'}>${mark}${escape(comment ?? "")}` +
        `<br><code>${escape(renderRuleSpec(rule))}</code></li>`;
    });
    return `<section aria-labelledby="${escape(id)}"><h2 id="${escape(id)}">${
      escape(label)
    }</h2>\n` +
      `<ol>\n${items.join("\n")}\n</ol></section>`;
  });
  const title = `${describePacket(packet)}: ${end}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border: 1px solid GrayText; border-radius: .5rem; margin: 1rem 0; padding: 0 1rem; }
li { margin: .5rem 0; padding: .25rem .5rem; }
li.met { border-left: .4rem solid #d9480f; }
code { overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
