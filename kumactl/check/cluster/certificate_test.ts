import assert from "node:assert/strict";
import { createAuthority, issueServer } from "../../../webhook/certificates/issue.ts";
import { certificatesOf, lasting, whyUntrusted } from "./certificate.ts";

const HOST = "kuma-webhook.kuma-system.svc";
const DAY = 86_400_000;

Deno.test("a certificate is trusted by its own CA, for its own names, alone", async () => {
  const [ours, other] = [await createAuthority(), await createAuthority()];
  const server = certificatesOf((await issueServer(ours, [HOST])).certificate, "x");
  const cas = (...pems: string[]) => certificatesOf(pems.join(""), "x");
  assert.equal(whyUntrusted(server, cas(ours.certificate), HOST), undefined);
  // Between two CAs a bundle holds both.
  assert.equal(whyUntrusted(server, cas(other.certificate, ours.certificate), HOST), undefined);
  // Another CA of ours has the same name, and another key.
  assert.match(
    whyUntrusted(server, cas(other.certificate), HOST) ?? "",
    /^no CA in caBundle has signed it/,
  );
  assert.match(
    whyUntrusted(server, cas(ours.certificate), "other.svc") ?? "",
    /^the certificate is not for other\.svc/,
  );
  assert.match(whyUntrusted([], cas(ours.certificate), HOST) ?? "", /no certificate/);
  // A serving certificate may itself be what is trusted.
  assert.equal(whyUntrusted(server, server, HOST), undefined);
});

Deno.test("a bundle that holds something else is told, as API servers refuse all of it", () => {
  const bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.throws(
    () => certificatesOf(bad, "caBundle of x"),
    /^TypeError: caBundle of x holds a certificate that cannot be read/,
  );
  assert.deepEqual(certificatesOf("", "x"), []);
});

Deno.test("a certificate is good, ends soon, has ended, or has not begun", async () => {
  const now = new Date();
  const authority = await createAuthority(now);
  const [one] = certificatesOf((await issueServer(authority, [HOST], now, 30)).certificate, "x");
  assert.ok(one !== undefined);
  const at = (days: number) => lasting(one, new Date(now.getTime() + days * DAY));
  assert.equal(at(1).is, "good");
  assert.equal(at(20).is, "soon");
  assert.match(JSON.stringify(at(20)), /it ends on \d{4}-\d\d-\d\d, in (?:9|10) days/);
  assert.match(JSON.stringify(at(40)), /it ended on/);
  assert.match(JSON.stringify(at(-1)), /it begins on/);
});
