import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import type { ExplainPacketDocument } from "./packet/document.ts";
import { effectiveUserId } from "core/host/libc.ts";
import { kumactl } from "./testing.ts";

effectiveUserId(); // Opens the C library outside of any test.

Deno.test("explain packet says the way, the settings and their sources", async () => {
  const { code, out } = await kumactl(
    ...["explain", "packet", "--uid", "1000", "--to", "10.1.2.3:443/tcp"],
    ...["--kuma-dp-user", "5678", "--redirect-outbound-port", "15011"],
  );
  assert.equal(code, 0);
  assert.match(
    out,
    /^TCP of user 1000 .* to 10\.1\.2\.3:443, leaving by eth0\n {2}is redirected to /,
  );
  assert.match(out, /port 15011, Envoy's outbound listener\n/);
  assert.match(out, /redirect\.outbound\.port \(--redirect-outbound-port\)/);
  assert.match(out, /redirect\.outbound\.enabled \(default\)/);
});

Deno.test("an IPv4-mapped address is the IPv4 one that its packets carry", async () => {
  const settings = ["--kuma-dp-user", "5678", "--ip-family-mode", "ipv4"];
  const words = ["explain", "packet", "--to", "[::ffff:10.1.2.3]:443", "--uid", "1000"];
  const { out } = await kumactl(...words, ...settings);
  assert.match(out, /^TCP of user 1000 .* to 10\.1\.2\.3:443, .*\n {2}is redirected to port 15001/);
});

Deno.test("explain packet as JSON has a schema and every step", async () => {
  const { out } = await kumactl(
    ...["explain", "packet", "--direction", "in", "--to", "[fd00::2]:22", "--output", "json"],
    ...["--kuma-dp-user", "5678", "--exclude-inbound-ports", "22"],
  );
  const { outcome, steps } = checkedDocument<ExplainPacketDocument>(
    out,
    "kuma.io/kumactl-explain-packet/v1",
  );
  assert.equal(outcome, "left alone");
  assert.deepEqual(steps.at(-1)?.settings, [
    { key: "redirect.inbound.excludePorts", source: "--exclude-inbound-ports" },
  ]);
});

for (
  const [format, met] of [
    ["mermaid", /n0 ==>\|"outbound TCP takes the outbound chain of the mesh"\| n1\n/],
    [
      "dot",
      /-> "port\/15001" \[label="outbound listener of Envoy", color="#d9480f", penwidth=3\];/,
    ],
    ["html", /<li class="met"><strong>Step 3:<\/strong> outbound listener of Envoy/],
  ] as const
) {
  Deno.test(`explain packet draws the way as ${format}`, async () => {
    const { code, out } = await kumactl(
      ...["explain", "packet", "--to", "10.1.2.3:443", "--uid", "0", "--output", format],
      ...["--kuma-dp-user", "5678"],
    );
    assert.equal(code, 0);
    assert.match(out, met);
  });
}

for (
  const [words, message] of [
    [[], "--to: it is needed, such as --to 10.1.2.3:443/tcp"],
    [["--to", "10.1.2.3"], "--to: '10.1.2.3' has no port, such as 10.1.2.3:443"],
    [["--to", "10.1.2.3:0"], "--to: '0' is no port: ports range from 1 to 65535"],
    [["--to", "10.1.2.3:80/icmp"], "--to: 'icmp' is not a protocol that is redirected: tcp or udp"],
    [["--to", "::1:80"], "--to: '::1:80' has no port, such as [::1:80]:443"],
    [["--to", "0.0.0.0:80"], "--to: '0.0.0.0' is no address that packets have"],
    [["--to", "[::]:80"], "--to: '::' is no address that packets have"],
    [
      ["--to", "10.1.2.3:80", "--interface", "a b"],
      "--interface: 'a b' is no name of an interface",
    ],
    [["--to", "10.1.2.3:80", "--interface", ""], "--interface: '' is no name of an interface"],
    [["--to", "[10.1.2.3]:80"], "--to: '[10.1.2.3]:80' is no address with a port, such as"],
    [["--to", "example.org:80"], "--to: 'example.org:80' is no address with a port, such as"],
    [["--to", "10.1.2.3:80", "--from", "::1"], "--from: it is not of the family of --to"],
    [["--to", "10.1.2.3:80", "--uid", "x"], "--uid: 'x' is no UID"],
    [["--to", "10.1.2.3:80", "--direction", "up"], "--direction: it is 'in' or 'out', not 'up'"],
    [["--to", "10.1.2.3:80", "--direction", "in", "--uid", "1"], "--uid: what arrives has no user"],
    [["--to", "10.1.2.3:80", "--output", "xml"], "--output: 'xml' is not one of text, json"],
  ] as const
) {
  Deno.test(`explain packet refuses ${words.join(" ") || "nothing"}`, async () => {
    const { code, out, err } = await kumactl("explain", "packet", ...words);
    assert.equal(code, 1);
    assert.equal(out, "");
    assert(err.startsWith(`Error: ${message}`), err);
    assert.match(err, /\[KUMA-TP-0(40|18)\]\n/);
  });
}
