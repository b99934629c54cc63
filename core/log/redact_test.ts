import assert from "node:assert/strict";
import fc from "fast-check";
import { REDACTED, redactFields, redactText } from "./redact.ts";
import { runs } from "tests/support/property.ts";

const JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IkFCQyJ9.eyJzdWIiOiJzeXN0ZW06c2EifQ.c2lnbmF0dXJl-_";

Deno.test("redactText takes out tokens wherever they stand", () => {
  for (
    const text of [
      JWT,
      `Authorization: Bearer ${JWT}`,
      `https://host/path?token=${JWT}&x=1`,
      `users: [{user: {token: ${JWT}}}]`,
      `{"token":"${JWT}"}`,
      `cut off: ${JWT.slice(0, 40)}`,
    ]
  ) {
    const clean = redactText(text);
    assert.ok(clean.includes(REDACTED), clean);
    assert.doesNotMatch(clean, /eyJ/);
  }
});

Deno.test("redactText takes out opaque bearer tokens, passwords and private keys", () => {
  assert.equal(redactText("Bearer abc.def-123"), `Bearer ${REDACTED}`);
  assert.equal(redactText('"password": "hunter\\"2"'), `"password": ${REDACTED}`);
  assert.equal(redactText("client-key-data: TFMwdExT"), `client-key-data: ${REDACTED}`);
  assert.doesNotMatch(
    redactText("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----"),
    /MIIabc/,
  );
});

Deno.test("redactText leaves ordinary lines alone", () => {
  for (
    const text of [
      "pod default/web-0 redirected in 41 ms",
      "the node's CNI token is stale (401)",
      "cannot open /etc/cni/net.d/ZZZ-kuma-cni-kubeconfig",
    ]
  ) assert.equal(redactText(text), text);
});

Deno.test("redactFields goes by the field's name, however it is written", () => {
  const clean = redactFields({
    token: "a",
    bearerToken: "b",
    "client-key-data": "c",
    CLIENT_KEY: "d",
    Authorization: "e",
    nested: { users: [{ user: { password: "f" } }] },
    pod: "default/web",
    tokenFile: "/var/run/token",
  });
  assert.deepEqual(clean, {
    token: REDACTED,
    bearerToken: REDACTED,
    "client-key-data": REDACTED,
    CLIENT_KEY: REDACTED,
    Authorization: REDACTED,
    nested: { users: [{ user: { password: REDACTED } }] },
    pod: "default/web",
    tokenFile: "/var/run/token",
  });
});

Deno.test("redactFields survives errors, bigints, cycles, bytes and long values", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const clean = redactFields({
    error: new Error(`Bearer ${JWT}`),
    big: 10n,
    cycle,
    bytes: new Uint8Array(7),
    long: "x".repeat(1_000_000),
    none: undefined,
  });
  assert.equal(clean.error, `Bearer ${REDACTED}`);
  assert.equal(clean.big, "10");
  assert.equal(clean.bytes, "[7 bytes]");
  assert.ok(JSON.stringify(clean).length < 5000);
  assert.equal("none" in clean, false);
});

Deno.test("no JSON Web Token gets past, whatever stands around it", () => {
  const part = fc.stringMatching(/^[A-Za-z0-9_-]{8,60}$/);
  fc.assert(
    fc.property(fc.string(), part, part, part, fc.string(), (before, a, b, c, after) => {
      const token = `eyJ${a}.eyJ${b}.${c}`;
      const line = JSON.stringify(redactFields({ message: `${before}${token}${after}` }));
      assert.equal(line.includes(a), before.includes(a) || after.includes(a));
    }),
    runs(2000),
  );
});

Deno.test("a megabyte of anything is read in a moment", () => {
  for (
    const part of [
      ...[
        "a-",
        "token-",
        "token ",
        "token=",
        "token='",
        'token="\\\\',
        "eyJ",
        "eyJaaaaaaaa.",
        "bearer ",
      ],
      ...["basic%20", "-----BEGIN A", "-----BEGIN PRIVATE KEY-----", "-----END A", " ", "=", "\n"],
    ]
  ) {
    const started = performance.now();
    for (const head of ["", "token"]) {
      const text = redactText(head + part.repeat(1_000_000 / part.length));
      assert.doesNotMatch(text, /eyJ[A-Za-z0-9_-]{8}|PRIVATE KEY-----[^[]/);
    }
    // Where time grew with the square it was half a minute.
    assert.ok(performance.now() - started < 10_000, part);
  }
});
