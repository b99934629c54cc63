import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { serveOperations } from "./operations_server.ts";

Deno.test("the pages are served on a port of their own, to GET only", async () => {
  await using server = serveOperations({
    address: "127.0.0.1",
    port: 0,
    code: "KUMA-WH-024",
    readyz: { lease: () => "somebody else has it" },
    metrics: { page: () => "up 1\n" },
  });
  const get = async (path: string, method = "GET") => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return `${answer.status} ${await answer.text()}`;
  };
  assert.equal(await get("/healthz"), "200 ok\n");
  assert.equal(
    await get("/readyz"),
    "503 [-]lease failed: somebody else has it\nreadyz check failed\n",
  );
  assert.equal(await get("/metrics"), "200 up 1\n");
  assert.match(await get("/debug"), /^404 /);
  assert.match(await get("/metrics", "POST"), /^405 /);
});

Deno.test("an address that is taken is an error of the program's own code", async () => {
  const options = { address: "127.0.0.1", port: 0, code: "KUMA-INS-050" } as const;
  await using first = serveOperations(options);
  assert.throws(
    () => serveOperations({ ...options, port: first.port }),
    (error) => error instanceof KumaError && error.code === "KUMA-INS-050",
  );
});
