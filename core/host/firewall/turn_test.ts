import assert from "node:assert/strict";
import { effectiveUserId } from "../libc.ts";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import { takeTurn } from "./turn.ts";

effectiveUserId(); // Opens the C library outside of any test.

Deno.test("a second run waits for the first, and gives up in the end", async () => {
  const directory = await Deno.makeTempDir({ prefix: "kuma-turn-" });
  try {
    const first = await takeTurn(silentLogger, { directory });
    await assert.rejects(
      takeTurn(silentLogger, { directory }, 50),
      (error) => error instanceof KumaError && error.code === "KUMA-TP-213",
    );
    setTimeout(() => first[Symbol.dispose](), 30);
    using second = await takeTurn(silentLogger, { directory }, 5_000);
    assert(second);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("an abort ends the wait, a place that takes no lock is no obstacle", async () => {
  const directory = await Deno.makeTempDir({ prefix: "kuma-turn-" });
  try {
    using first = await takeTurn(silentLogger, { directory });
    assert(first);
    const abort = AbortSignal.timeout(30);
    await assert.rejects(takeTurn(silentLogger, { directory, signal: abort }), /timed out|Timeout/);
    using none = await takeTurn(silentLogger, { directory: "/proc/no/such/place" });
    assert(none);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
