import assert from "node:assert/strict";
import { createLogger } from "core/log/record.ts";
import { validateRedirection } from "./validator.ts";

/** A port that nothing listens on right now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("without redirection the check fails after its tries and lets the port go", async () => {
  const port = freePort();
  const options = { retries: 1, pauseMs: 1, timeoutMs: 200 };
  await assert.rejects(validateRedirection("ipv4", port, options), {
    code: "KUMA-TP-025",
    message: /^IPv4 connections to 127\.0\.0\.6 do not arrive at port \d+: .*refused/i,
  });
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});

Deno.test("a refusal ends the check after three tries, however patient it is", async () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: "t",
    level: "info",
    sink: ({ msg }) => void lines.push(msg),
  });
  const options = { logger, retries: 1000, pauseMs: 1, timeoutMs: 2000 };
  await assert.rejects(validateRedirection("ipv4", freePort(), options), { code: "KUMA-TP-025" });
  assert.equal(lines.length, 2);
});

Deno.test("a port that is taken is said at once", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(validateRedirection("ipv4", taken.addr.port), {
    code: "KUMA-TP-026",
    message: /^cannot listen on 127\.0\.0\.1:\d+: /,
  });
});
