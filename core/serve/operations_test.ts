import assert from "node:assert/strict";
import { operationsPage, type OperationsPages } from "./operations.ts";

let missing: string | undefined;
const PAGES: OperationsPages = {
  readyz: {
    informers: () => missing,
    certificate: () => Promise.resolve(undefined),
    lease: () => {
      throw new Error("no lease");
    },
  },
  metrics: { page: () => "up 1\n" },
  status: () => ({ mode: "write" }),
};

async function page(target: string): Promise<string> {
  const { pathname, searchParams } = new URL(target, "http://a");
  const found = await operationsPage(PAGES, pathname, searchParams);
  return found === undefined ? "none" : `${found.status} ${found.text}`;
}

Deno.test("each check is told where one fails, or where all are asked for", async () => {
  missing = "waits for meshes";
  assert.equal(
    await page("/readyz"),
    "503 [-]informers failed: waits for meshes\n[+]certificate ok\n[-]lease failed: no lease\n" +
      "readyz check failed\n",
  );
  missing = undefined;
  assert.equal(await page("/readyz?exclude=lease"), "200 ok\n");
  assert.equal(
    await page("/readyz?verbose&exclude=lease"),
    "200 [+]informers ok\n[+]certificate ok\nreadyz check passed\n",
  );
});

Deno.test("one check alone, and what there is not", async () => {
  assert.equal(await page("/readyz/certificate"), "200 ok\n");
  assert.equal(await page("/readyz/lease"), "503 lease failed: no lease\n");
  for (const path of ["/readyz/constructor", "/readyz/lease/x", "/healthz/ping", "/", "/explain"]) {
    assert.equal(await page(path), "none", path);
  }
  assert.equal(await page("/healthz"), "200 ok\n", "alive is who answers");
  assert.equal(await page("/metrics"), "200 up 1\n");
  assert.equal(await page("/status"), '200 {\n  "mode": "write"\n}\n');
  assert.equal(await operationsPage({}, "/status", new URLSearchParams()), undefined);
});
