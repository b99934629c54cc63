import assert from "node:assert/strict";
import type { Logger } from "core/log/logger.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { warnOfDnsLoop } from "./dns_loop.ts";

const SOCKETS = `head
  396: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 20481 2 0000000000000000 0
`;

function warnings(
  change: (config: ReturnType<typeof defaultConfig>) => void,
  server = "127.0.0.53",
): string[] {
  const config = defaultConfig();
  config.redirect.dns.enabled = true;
  config.redirect.dns.captureAll = true;
  change(config);
  const said: string[] = [];
  const logger = { warn: (text: string) => said.push(text) } as unknown as Logger;
  warnOfDnsLoop(
    config,
    logger,
    (path) => path === "/proc/net/udp" ? SOCKETS : `nameserver ${server}\n`,
  );
  return said;
}

Deno.test("a resolver of this host whose queries would come back to it is told, with what mends it", () => {
  const [said = "", ...more] = warnings(() => {});
  assert.deepEqual(more, []);
  assert.match(
    said,
    /names 127\.0\.0\.53, .* \(user 101\).*--exclude-outbound-ports-for-uids '\*:53:101'$/,
  );
  assert.match(warnings(() => {}, "127.0.0.1")[0] ?? "", /'\*:53:UID', UID being the resolver's$/);
});

Deno.test("nothing is said where there is no such loop", () => {
  assert.deepEqual(warnings(() => {}, "10.0.0.2"), []);
  assert.deepEqual(warnings(({ redirect }) => void (redirect.dns.captureAll = false)), []);
  assert.deepEqual(warnings(({ redirect }) => void (redirect.outbound.enabled = false)), []);
  assert.deepEqual(warnings((config) => void (config.cniMode = true)), []);
  for (const exclusion of ["*:53:101", "101", "udp:50-60:100-200"]) {
    assert.deepEqual(
      warnings(({ redirect }) => redirect.outbound.excludePortsForUIDs.push(exclusion)),
      [],
      exclusion,
    );
  }
  for (const exclusion of ["tcp:53:101", "*:5353:101", "102"]) {
    assert.equal(
      warnings(({ redirect }) => redirect.outbound.excludePortsForUIDs.push(exclusion)).length,
      1,
      exclusion,
    );
  }
});
