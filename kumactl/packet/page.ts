/**
 * The way of a packet as a page that stands alone: it asks for nothing, needs no script, fits light and dark, and says
 * in a table and in lists what its drawing shows.
 *
 * @module
 */
import { describePacket } from "core/rules/explain.ts";
import type { Graph, GraphNode } from "core/rules/graph.ts";
import type { Ruleset } from "core/rules/model.ts";
import { renderRuleSpec } from "core/rules/render.ts";
import type { DecidingSetting, ExplainPacketDocument } from "./document.ts";
import { drawing } from "./drawing.ts";
import { escapeHtml } from "./escape.ts";

/** What the page says beside the rules. */
export interface PageContents {
  readonly told: ExplainPacketDocument;
  /** What becomes of the packet: `is redirected to port 15001, …`. */
  readonly outcome: string;
  /** What is not as it was wanted, and where the settings come from; a line each. */
  readonly remarks: readonly string[];
}

/** The whole page; it ends with a line break. */
export function packetPage(
  graph: Graph,
  ruleset: Ruleset,
  { told, outcome, remarks }: PageContents,
): string {
  const what = describePacket(told.packet);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(`${what}: ${outcome}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#steps">To the rules in words</a>
<main>
<h1>${escapeHtml(what)}</h1>
<p class="outcome">It <strong>${escapeHtml(outcome)}</strong>${decided(told.decidedBy)}.</p>
${list(remarks)}
<figure>
<div class="drawing" role="group" aria-label="Drawing of the chains" tabindex="0">
${graph.nodes.length === 0 ? "<p>There are no rules.</p>" : drawing(graph)}
</div>
<figcaption>The chains from left to right, and where packets end. The thick line is the packet's way;
the <a href="#steps">table</a> and the <a href="#chains">lists</a> below say the same in words.</figcaption>
</figure>
${table(told)}
<h2 id="chains">All rules, chain by chain</h2>
${
    graph.nodes.filter(({ kind }) => kind === "chain").map((node) => chain(node, graph, ruleset))
      .join("\n")
  }
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1b1b1f; --faint: #5b5d66; --line: #8b8f9a;
  --box: #f4f5f8; --way: #b23c07; font: 16px/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --back: #17181c; --text: #ececf1; --faint: #a9acb8;
  --line: #7d818d; --box: #23252b; --way: #ff9a5c; } }
body { background: var(--back); color: var(--text); margin: 0 auto; max-width: 75rem; padding: 1rem; }
a { color: inherit; }
a:focus-visible, .drawing:focus-visible { outline: 3px solid var(--way); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; } .skip:focus { position: static; }
h1 { font-size: 1.4rem; } .outcome strong, td.rule { overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { color: var(--faint); }
.drawing { border: 1px solid var(--line); border-radius: .5rem; max-height: 75vh; overflow: auto; }
svg { display: block; } svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .name { font-weight: bold; } svg .rule.met { fill: var(--way); font-weight: bold; }
svg rect { fill: var(--box); stroke: var(--line); } svg rect.met { stroke: var(--way); stroke-width: 2; }
svg .edge { fill: none; stroke: var(--line); } svg .edge.met { stroke: var(--way); stroke-width: 3; }
table { border-collapse: collapse; width: 100%; } caption { font-weight: bold; text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; }
section { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: 0 1rem; }
li { margin: .4rem 0; } li.met { border-left: .3rem solid var(--way); padding-left: .5rem; }
code { overflow-wrap: anywhere; }
`;

function decided(settings: readonly DecidingSetting[]): string {
  if (settings.length === 0) return "";
  return `, decided by ${settings.map(setting).join(" and ")}`;
}

function setting({ key, source }: DecidingSetting): string {
  return `<code>${escapeHtml(key)}</code> (${escapeHtml(source)})`;
}

function list(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("\n")}\n</ul>`;
}

function table({ steps }: ExplainPacketDocument): string {
  const rows = steps.map(({ table, chain, rule, why, settings }, index) =>
    `<tr><th scope="row">${index + 1}</th><td>${escapeHtml(`${table} ${chain}`)}</td>` +
    `<td>${escapeHtml(why)}</td><td class="rule"><code>${escapeHtml(rule)}</code></td>` +
    `<td>${settings.length === 0 ? "always there" : settings.map(setting).join("<br>")}</td></tr>`
  );
  const none = '<tr><td colspan="5">No rule of ours concerns it.</td></tr>';
  return `<table id="steps" tabindex="-1">
<caption>The rules that it meets, in their order</caption>
<thead><tr><th scope="col">Step</th><th scope="col">Chain</th><th scope="col">What the rule is for</th>
<th scope="col">Rule</th><th scope="col">Settings and their sources</th></tr></thead>
<tbody>
${rows.length === 0 ? none : rows.join("\n")}
</tbody>
</table>`;
}

function chain({ id, label }: GraphNode, { edges }: Graph, { tables }: Ruleset): string {
  const [name, chain] = id.split("/");
  const rules = tables.find((table) => table.name === name)?.rules
    .filter((rule) => rule.chain === chain) ?? [];
  const own = edges.filter(({ from }) => from === id);
  const items = rules.map(({ comment = "", ...rule }, at) => {
    const step = own[at]?.step;
    const mark = step === undefined ? "" : `<strong>Step ${step}:</strong> `;
    return `<li${step === undefined ? "" : ' class="met"'}>${mark}${escapeHtml(comment)}<br>` +
      `<code>${escapeHtml(renderRuleSpec(rule))}</code></li>`;
  });
  const heading = escapeHtml(id);
  return `<section aria-labelledby="${heading}">\n<h3 id="${heading}">${escapeHtml(label)}</h3>\n` +
    `<ol>\n${items.join("\n")}\n</ol>\n</section>`;
}
