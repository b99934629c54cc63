import assert from "node:assert/strict";
import { loadConfiguration } from "./configuration.ts";
import { FakeIo } from "./testing.ts";

Deno.test("document < environment < flags, from a file, inline or standard input", async () => {
  const io = new FakeIo(
    { KUMA_TRANSPARENT_PROXY_WAIT: "2", KUMA_TRANSPARENT_PROXY_REDIRECT_DNS_CAPTURE_ALL: "true" },
    { "/a.yaml": "wait: 1\nwaitInterval: 1\nretry: {maxRetries: 1}\n", "-": "waitInterval: 7" },
  );
  const flags = [{ flag: "config-file", value: "/a.yaml" }, { flag: "max-retries", value: "3" }];
  const { config, provenance } = await loadConfiguration(flags, io);
  assert.deepEqual([config.wait, config.waitInterval, config.retry.maxRetries], [2, 1, 3]);
  assert.equal(config.redirect.dns.enabled, true);
  assert.equal(provenance.get("waitInterval"), "/a.yaml");

  const inline = [{ flag: "config", value: "{waitInterval: 9}" }];
  assert.equal((await loadConfiguration(inline, io)).config.waitInterval, 9);
  const stdin = [...inline, { flag: "config-file", value: "-" }];
  assert.equal((await loadConfiguration(stdin, io)).config.waitInterval, 7);
});

Deno.test("both DNS settings in a document mean all DNS, they contradict only as flags", async () => {
  const document = "redirect: {dns: {enabled: true, captureAll: true}}";
  const { config } = await loadConfiguration([{ flag: "config", value: document }], new FakeIo());
  assert.deepEqual([config.redirect.dns.enabled, config.redirect.dns.captureAll], [true, true]);
});

Deno.test("an unknown key is a warning that is handed on", async () => {
  const flags = [{ flag: "config", value: "wiat: 1" }];
  const { warnings } = await loadConfiguration(flags, new FakeIo());
  assert.match(warnings.join(), /--config:1:1: unknown key 'wiat' .*'wait'/);
});

Deno.test("a document that is no text or endless is refused", async () => {
  const io = new FakeIo({}, { "/big": "#".repeat(1_000_000) });
  const load = (path: string) => loadConfiguration([{ flag: "config-file", value: path }], io);
  await assert.rejects(load("/big"), { code: "KUMA-TP-016" });
  await assert.rejects(load("/none"), { code: "KUMA-TP-016" });
});
