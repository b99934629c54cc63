import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const MARK = "/tmp/cni-hostile-mark";
const HOSTILE: Readonly<Record<string, string>> = {
  "shell syntax": `$(touch ${MARK})`,
  "a command after a semicolon": `80;touch ${MARK}`,
  "a line break and a rule": "80\n-A OUTPUT -j ACCEPT",
  "an option": "--dport",
  "unicode digits": "８０",
  "Arabic digits": "٨٠",
  "a number out of range": "65536",
  "a huge number": "9".repeat(400),
  "a negative number": "-1",
  "a fraction": "1.5",
  "an exponent": "1e3",
  "hexadecimal": "0x50",
  "1 MB": "8".repeat(1_000_000),
  "NUL": "80\u0000",
  "a terminal's escape": "\u001b[2J",
};

const NUMERIC = [
  "kuma.io/sidecar-uid",
  "kuma.io/transparent-proxying-inbound-port",
  "kuma.io/transparent-proxying-outbound-port",
  "traffic.kuma.io/exclude-inbound-ports",
  "traffic.kuma.io/exclude-outbound-ports",
  "kuma.io/application-probe-proxy-port",
  "traffic.kuma.io/exclude-outbound-ips",
  "kuma.io/builtin-dns-port",
  "kuma.io/gateway",
];

for (const [what, value] of Object.entries(HOSTILE)) {
  test(`${what} in an annotation: ADD refuses with its name, nothing is applied`, async () => {
    for (const annotation of NUMERIC.slice(0, what === "1 MB" ? 1 : NUMERIC.length)) {
      // 65536 and 1000 are users like any other.
      if (annotation.endsWith("uid") && what.startsWith("a number out")) continue;
      await using api = await MisbehavingApi.create(() =>
        Response.json(podObject({ [annotation]: value }))
      );
      await using sandbox = await CniSandbox.create(plugin);
      sandbox.connect(api);
      const error = errorOf(await sandbox.call("ADD"));
      assert.equal(error.code, 7, `${annotation}: ${error.msg}`);
      assert.ok(error.msg.includes(annotation), error.msg);
      assert.ok(error.msg.length < 500);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(error.msg, /[\u0000-\u001f]/);
      assert.doesNotMatch(await sandbox.rules(), /KUMA/);
    }
    assert.throws(() => Deno.statSync(MARK), Deno.errors.NotFound);
  });
}

test("the single annotation cannot name programs and files of the node", async () => {
  const program = `${plugin.binDir}/evil`;
  Deno.writeTextFileSync(program, `#!/bin/sh\ntouch ${MARK}\n`, { mode: 0o755 });
  const tools = ["iptables", "iptables-save", "iptables-restore"];
  const config = [
    "iptablesExecutables:",
    ...tools.map((tool) => `  ${tool}: ${program}`),
    "redirect: { dns: { enabled: true, resolvConfigPath: /dev/zero } }",
    "retry: { maxRetries: 4000000 }",
    "dryRun: true",
  ].join("\n");
  await using api = await MisbehavingApi.create(() =>
    Response.json(podObject({ "traffic.kuma.io/transparent-proxy-config": config }))
  );
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  const done = await sandbox.call("ADD");
  assert.equal(done.code, 0, done.stdout);
  assert.throws(() => Deno.statSync(MARK), Deno.errors.NotFound);
  assert.match(await sandbox.rules(), /KUMA_MESH_INBOUND/);
});
