import assert from "node:assert/strict";
import { defaultConfig } from "core/proxy/config.ts";
import { portClashes } from "./port_clashes.ts";

Deno.test("two kinds of traffic at one port are told, where both are redirected", () => {
  const config = defaultConfig();
  assert.deepEqual(portClashes(config), []);
  config.redirect.inbound.port = config.redirect.dns.port = config.redirect.outbound.port;
  assert.deepEqual(portClashes(config), [
    "inbound and outbound are both redirected to port 15001, where one program listens",
  ]);
  config.redirect.dns.enabled = true;
  config.redirect.inbound.enabled = false;
  assert.deepEqual(portClashes(config), [
    "outbound and DNS are both redirected to port 15001, where one program listens",
  ]);
});
