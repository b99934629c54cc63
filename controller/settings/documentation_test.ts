import assert from "node:assert/strict";
import { SETTINGS } from "./table.ts";

const DOCUMENT = new URL("../../docs/controller.md", import.meta.url);

Deno.test("docs/controller.md has every setting with its key, variable and default", () => {
  const rows = Deno.readTextFileSync(DOCUMENT).split("\n").filter((line) => line.startsWith("| "));
  for (const { key, env, initial } of Object.values(SETTINGS)) {
    const initialText = Array.isArray(initial) ? initial.join(",") : String(initial);
    const row = [
      `\`${key.replace(/^runtime\.kubernetes\./, "")}\``,
      `\`${env.replace(/^KUMA_RUNTIME_KUBERNETES_/, "…")}\``,
      initialText === "" ? "none" : `\`${initialText}\``,
    ].join(" | ");
    assert.ok(rows.some((line) => line.endsWith(`${row} |`)), row);
  }
});
