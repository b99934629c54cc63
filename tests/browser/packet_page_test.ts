/**
 * The page of `kumactl explain packet -o html` in a real browser: it asks for nothing, fits light and dark, and can be
 * read by keyboard and screen reader. Its pictures are kept in dist/screenshots.
 */
import assert from "node:assert/strict";
import { kumactlPath } from "tests/kernel/kumactl.ts";
import { must, waitUntil } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { ChromiumPage } from "./chromium.ts";

const test = requires("chromium");
const SCREENSHOTS = new URL("../../dist/screenshots/", import.meta.url).pathname;
const PACKET = [
  ...["explain", "packet", "--to", "10.1.2.3:443", "--uid", "1000", "--kuma-dp-user", "5678"],
  ...["--redirect-dns", "--exclude-outbound-ports", "22,443", "--drop-invalid-packets"],
];

interface Node {
  readonly role?: { readonly value?: string };
  readonly name?: { readonly value?: string };
  readonly ignored?: boolean;
}

test("the page of a packet, read by eye, keyboard and screen reader", {
  sanitizeResources: false,
  sanitizeOps: false,
}, async (t) => {
  await using page = await ChromiumPage.start();
  const file = `${page.folder}/packet.html`;
  await Deno.writeTextFile(file, await must(kumactlPath(), [...PACKET, "-o", "html"]));
  for (const domain of ["Page", "Network", "Accessibility", "Log"]) {
    await page.call(`${domain}.enable`);
  }
  await page.call("Emulation.setDeviceMetricsOverride", {
    ...{ width: 1280, height: 1000, deviceScaleFactor: 1, mobile: false },
  });
  await page.call("Page.navigate", { url: `file://${file}` });
  await waitUntil("the page is there", () => page.events("Page.loadEventFired").length > 0);

  await t.step("it asks for nothing but itself, and nothing on it is refused", () => {
    const asked = page.events("Network.requestWillBeSent")
      .map(({ request }) => (request as { url: string }).url);
    assert.deepEqual([...new Set(asked)], [`file://${file}`]);
    assert.deepEqual(page.events("Log.entryAdded"), []);
  });

  await t.step("its document has the way in words, and draws it", async () => {
    assert.equal(await page.evaluate("document.documentElement.lang"), "en");
    assert.match(String(await page.evaluate("document.title")), /10\.1\.2\.3:443.*is left alone/);
    assert.match(
      String(await page.evaluate("document.querySelector('.outcome').innerText")),
      /It is left alone.*decided by redirect\.outbound\.excludePorts \(--exclude-outbound-ports\)/,
    );
    const drawn = await page.evaluate("document.querySelectorAll('svg .edge.met').length");
    const rows = await page.evaluate("document.querySelectorAll('#steps tbody tr').length");
    assert.equal(drawn, rows);
    assert.ok(
      Number(await page.evaluate("document.querySelectorAll('svg rect.chain').length")) >= 5,
    );
    const listed = await page.evaluate("document.querySelectorAll('li.met').length");
    assert.equal(listed, rows);
  });

  await t.step(
    "a screen reader meets headings, a table with heads, lists, and no drawing",
    async () => {
      const { nodes } = await page.call("Accessibility.getFullAXTree") as { nodes: Node[] };
      const seen = nodes.filter(({ ignored }) => ignored !== true);
      const named = (role: string) =>
        seen.filter((node) => node.role?.value === role).map(({ name }) => name?.value ?? "");
      assert.match(named("heading")[0] ?? "", /^TCP of user 1000 .* to 10\.1\.2\.3:443/);
      assert.deepEqual(named("columnheader").slice(0, 2), ["Step", "Chain"]);
      assert.deepEqual(named("rowheader"), ["1", "2"]);
      assert.deepEqual(named("table"), ["The rules that it meets, in their order"]);
      assert.deepEqual(named("main").length, 1);
      assert.equal(seen.some(({ role }) => role?.value === "SvgRoot"), false);
    },
  );

  await t.step(
    "by keyboard: the way past the drawing first, then the drawing, then the words",
    async () => {
      const focused: unknown[] = [];
      for (let at = 0; at < 4; at++) {
        for (const type of ["keyDown", "keyUp"]) {
          await page.call("Input.dispatchKeyEvent", {
            ...{ type, key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 },
          });
        }
        focused.push(
          await page.evaluate(
            "(({ innerText, ariaLabel }) => ariaLabel ?? innerText)(document.activeElement)",
          ),
        );
      }
      assert.deepEqual(focused, [
        "To the rules in words",
        "Drawing of the chains",
        "table",
        "lists",
      ]);
      const outline = "getComputedStyle(document.activeElement).outlineStyle";
      assert.equal(await page.evaluate(outline), "solid");
    },
  );

  for (const scheme of ["light", "dark"] as const) {
    await t.step(
      `in ${scheme} it is ${scheme}, and its text can be told from its background`,
      async () => {
        await page.call("Emulation.setEmulatedMedia", {
          features: [{ name: "prefers-color-scheme", value: scheme }],
        });
        const colour = async (selector: string, property: string) =>
          luminance(String(
            await page.evaluate(
              `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`,
            ),
          ));
        const back = await colour("body", "backgroundColor");
        assert.equal(back > 0.5, scheme === "light");
        const box = await colour("svg rect.chain", "fill");
        const pairs = [
          [await colour("body", "color"), back],
          [await colour("figcaption", "color"), back],
          [await colour("svg text.rule", "fill"), box],
          [await colour("svg text.rule.met", "fill"), box],
        ] as const;
        // WCAG 2.2, 1.4.3: text of usual size.
        for (const [text, ground] of pairs) {
          assert.ok(contrast(text, ground) >= 4.5, `${text} ${ground}`);
        }
        const { data } = await page.call("Page.captureScreenshot", { format: "png" });
        await Deno.mkdir(SCREENSHOTS, { recursive: true });
        const png = Uint8Array.fromBase64(String(data));
        assert.ok(png.length > 10_000);
        await Deno.writeFile(`${SCREENSHOTS}explain-packet-${scheme}.png`, png);
      },
    );
  }

  await t.step("on a narrow screen nothing but the drawing is wider than it", async () => {
    await page.call("Emulation.setDeviceMetricsOverride", {
      ...{ width: 400, height: 800, deviceScaleFactor: 1, mobile: true },
    });
    const width = await page.evaluate(
      "document.querySelector('main').getBoundingClientRect().width",
    );
    assert.ok(Number(width) <= 400, String(width));
  });
});

/** Relative luminance of `rgb(…)`, by WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((text) => {
    const value = Number(text) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: number, b: number): number {
  const [high, low] = a > b ? [a, b] : [b, a];
  return (high + 0.05) / (low + 0.05);
}
