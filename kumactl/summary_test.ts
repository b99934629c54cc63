import assert from "node:assert/strict";
import { defaultConfig } from "core/proxy/config.ts";
import { summary } from "./summary.ts";

function said(captureAll: boolean, dnsServers: Record<string, string[]>): string {
  const config = defaultConfig();
  config.redirect.dns.enabled = true;
  config.redirect.dns.captureAll = captureAll;
  const families = ["ipv4", "ipv6"] as const;
  return summary(config, { families, ipv6Skipped: undefined, changed: true, dnsServers });
}

Deno.test("the summary says of DNS what is, not what was asked for", () => {
  assert.match(said(false, { ipv4: ["10.0.0.2"], ipv6: ["fd00::2"] }), /, DNS to 15053\. /);
  assert.match(said(false, { ipv4: ["10.0.0.2"], ipv6: [] }), /, DNS to 15053 \(IPv4 only\)\. /);
  assert.match(
    said(false, { ipv4: [], ipv6: [] }),
    /, DNS not redirected, since resolv\.conf names no server\. /,
  );
  assert.match(said(true, {}), /, DNS to 15053\. /);
});

Deno.test("the summary says that rules of others come first, whether anything was changed or not", () => {
  const report = { families: ["ipv4"], ipv6Skipped: undefined, dnsServers: {} } as const;
  const bypasses = ["-A OUTPUT -j ACCEPT"];
  assert.match(
    summary(defaultConfig(), { ...report, changed: true, bypasses }),
    /, DNS off, but for what 1 rule of others takes first \(see the warning\)\. You can/,
  );
  assert.match(
    summary(defaultConfig(), { ...report, changed: false, bypasses: [...bypasses, "other"] }),
    /already \(IPv4\), but for what 2 rules of others take first \(see the warning\)\.$/,
  );
});
