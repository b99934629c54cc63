import assert from "node:assert/strict";
import { configFromAnnotations } from "core/proxy/annotations.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { withinHostLimits } from "./host_limits.ts";

const annotation = "traffic.kuma.io/transparent-proxy-config";

Deno.test("a pod cannot name programs and files of the node, nor make it wait", async () => {
  const { config } = await configFromAnnotations({
    [annotation]: `
iptablesExecutables:
  iptables: /var/lib/kubelet/pods/x/evil
  iptables-save: /var/lib/kubelet/pods/x/evil
  iptables-restore: /var/lib/kubelet/pods/x/evil
redirect:
  inbound: { port: 25006 }
  dns: { enabled: true, resolvConfigPath: /dev/zero }
dryRun: true
storeFirewalld: true
ebpf: { enabled: true, instanceIP: 10.0.0.1 }
wait: 4000000
retry: { maxRetries: 1000000, sleepBetweenRetries: 1h }
`,
  });
  const limited = withinHostLimits(config);
  const own = defaultConfig();
  assert.deepEqual(limited.config.iptablesExecutables, {});
  assert.equal(limited.config.redirect.dns.resolvConfigPath, "/etc/resolv.conf");
  assert.equal(limited.config.dryRun, false);
  assert.equal(limited.config.storeFirewalld, false);
  assert.equal(limited.config.ebpf.enabled, false);
  assert.equal(limited.config.cniMode, true);
  assert.equal(limited.config.wait, own.wait);
  assert.deepEqual(limited.config.retry, own.retry);
  assert.equal(limited.config.redirect.inbound.port, 25006);
  assert.equal(limited.config.redirect.dns.enabled, true);
  assert.equal(limited.warnings.length, 5);
});

Deno.test("what a pod may decide stays as it is, without a warning", async () => {
  const { config } = await configFromAnnotations({ "kuma.io/builtin-dns": "true" });
  assert.deepEqual(withinHostLimits(config), { config, warnings: [], overruled: [] });
});
