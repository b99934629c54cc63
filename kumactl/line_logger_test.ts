import assert from "node:assert/strict";
import { LineLogger } from "./line_logger.ts";
import { FakeIo } from "./testing.ts";

Deno.test("log lines have Kuma's form and streams", () => {
  const io = new FakeIo();
  const logger = new LineLogger(io, false).with({ family: "ipv4" });
  logger.info("restored", { rules: 17 });
  logger.with({ attempt: "1/5" }).warn("restoring failed: exit status 4\nsecond line");
  logger.debug("not shown");
  logger.with({ family: "ipv6" }).error("gone");
  assert.equal(io.stdout, "# [iptables] restored rules=17\n");
  assert.equal(
    io.stderr,
    "# [iptables] [WARNING] [1/5] restoring failed: exit status 4 second line\n# [ip6tables] [ERROR] gone\n",
  );
});

Deno.test("a quiet logger leaves standard output to the result", () => {
  const io = new FakeIo();
  new LineLogger(io, true).info("x");
  assert.deepEqual([io.stdout, io.stderr], ["", ""]);
});

Deno.test("the same warning is said once, and another attempt is another line", () => {
  const io = new FakeIo();
  const logger = new LineLogger(io, true);
  for (const  of of[logger, logger.with({ family: "ipv4" }), logger.with({ family: "ipv4" })]) {
    of.warn("x");
  }
  for (const attempt of ["1/5", "2/5"]) logger.with({ attempt }).warn("x");
  assert.equal(
    io.stderr,
    "# [WARNING] x\n# [iptables] [WARNING] x\n# [WARNING] [1/5] x\n# [WARNING] [2/5] x\n",
  );
});
