import assert from "node:assert/strict";
import { defaultConfig } from "core/proxy/config.ts";
import { inNetns } from "./netns_flag.ts";

function loaded(dns: { readonly enabled?: boolean; readonly captureAll?: boolean }) {
  const config = defaultConfig();
  Object.assign(config.redirect.dns, dns);
  return { config };
}

/** The file that DNS servers are read from, and what was warned of. */
function asked(dns: Parameters<typeof loaded>[0], path: string | undefined, folder: string) {
  const warnings: string[] = [];
  const { config } = inNetns(loaded(dns), path, (text) => warnings.push(text), folder);
  return [config.redirect.dns.resolvConfigPath, ...warnings];
}

Deno.test("a namespace of ip-netns has a resolv.conf of its own, else this host's is warned of", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/blue`);
    await Deno.writeTextFile(`${folder}/blue/resolv.conf`, "nameserver 10.0.0.53\n");
    const host = "/etc/resolv.conf", listed = { enabled: true };
    for (const path of ["/run/netns/blue", "/var/run/netns/blue"]) {
      assert.deepEqual(asked(listed, path, folder), [`${folder}/blue/resolv.conf`]);
    }
    for (const path of ["/run/netns/red", "/proc/4711/ns/net", "/run/netns/../blue"]) {
      const warning =
        `the DNS servers are those of this host's ${host}, which may be others in ${path}`;
      assert.deepEqual(asked(listed, path, folder), [host, warning]);
    }
    assert.deepEqual(asked(listed, undefined, folder), [host]);
    assert.deepEqual(asked({}, "/run/netns/blue", folder), [host]);
    assert.deepEqual(asked({ enabled: true, captureAll: true }, "/run/netns/red", folder), [host]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
