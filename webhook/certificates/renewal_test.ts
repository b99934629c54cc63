import assert from "node:assert/strict";
import { describeCertificate, isIssuedBy } from "./issue.ts";
import { type Material, renewed, SETTLE_MS } from "./renewal.ts";

const NAMES = ["webhook.system.svc"];
const DAY_MS = 86_400_000;
const START = new Date("2026-01-01T00:00:00Z");
const after = (days: number, ms = 0) => new Date(START.getTime() + days * DAY_MS + ms);
const serves = ({ server, ca }: Material) => isIssuedBy(server.certificate, ca.certificate);
const count = ({ bundle }: Material) => bundle.match(/BEGIN CERTIFICATE/g)?.length;

/** Goes from one day to the next as replicas do, and gives the material at the end. */
async function live(material: Material, from: number, to: number, step: number): Promise<Material> {
  for (let day = from; day <= to; day += step) {
    material = await renewed(material, NAMES, after(day));
    const { notAfter } = describeCertificate(material.server.certificate);
    assert.ok(notAfter > after(day), `day ${day}: the certificate has ended`);
  }
  return material;
}

Deno.test("nothing there: a CA and a certificate of it", async () => {
  const made = await renewed(undefined, NAMES, START);
  assert.equal(made.bundle, made.ca.certificate);
  assert.ok(await serves(made));
  assert.deepEqual(describeCertificate(made.server.certificate).names, NAMES);
  assert.equal(await renewed(made, NAMES, after(1)), made, "nothing is due");
});

Deno.test("a serving certificate is renewed by the same CA after two thirds of its life", async () => {
  const made = await renewed(undefined, NAMES, START);
  assert.equal(await renewed(made, NAMES, after(240)), made);
  const next = await renewed(made, NAMES, after(250));
  assert.notEqual(next.server.certificate, made.server.certificate);
  assert.equal(next.bundle, made.bundle);
  assert.ok(await serves(next));
});

Deno.test("another name of the Service makes another certificate", async () => {
  const made = await renewed(undefined, NAMES, START);
  const next = await renewed(made, ["other.system.svc"], after(1));
  assert.deepEqual(describeCertificate(next.server.certificate).names, ["other.system.svc"]);
});

Deno.test("a new CA is trusted for a while before it is served with", async () => {
  const made = await renewed(undefined, NAMES, START);
  const before = await live(made, 200, 2400, 200);
  assert.equal(before.ca.certificate, made.ca.certificate);

  const added = await renewed(before, NAMES, after(2440));
  assert.notEqual(added.ca.certificate, made.ca.certificate);
  assert.equal(count(added), 2);
  assert.ok(added.bundle.endsWith(made.ca.certificate), "the old CA is still trusted");
  assert.deepEqual(added.server, before.server, "and still served with");
  assert.equal(await renewed(added, NAMES, after(2440, SETTLE_MS - 1000)), added);

  const served = await renewed(added, NAMES, after(2440, SETTLE_MS + 1000));
  assert.ok(await serves(served));
  assert.equal(served.bundle, added.bundle, "replicas may still serve with the old CA");
  assert.equal(await renewed(served, NAMES, after(2440, SETTLE_MS + 2000)), served);
});

Deno.test("after a long sleep nothing is waited for", async () => {
  const made = await renewed(undefined, NAMES, START);
  for (const days of [3000, 5000]) {
    const next = await renewed(made, NAMES, after(days));
    assert.ok(await serves(next), `${days} days`);
    assert.ok(describeCertificate(next.server.certificate).notAfter > after(days));
  }
});

Deno.test("the bundle does not grow from CA to CA", async () => {
  const made = await renewed(undefined, NAMES, START);
  const late = await live(made, 200, 8000, 200);
  assert.equal(count(late), 2);
  assert.ok(await serves(late));
});
