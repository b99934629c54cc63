import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { Children } from "./children.ts";
import { ToolFinder, type Tools } from "./tools.ts";
import { NftError } from "../nftables/nft_error.ts";
import { effectiveUserId } from "../libc.ts";
import type { RunResult } from "../run.ts";
import { askNft, Views } from "./views.ts";

effectiveUserId(); // Opens the C library outside of any test.

const NFT: Tools = {
  family: "ipv4",
  flavour: "nft",
  version: undefined,
  custom: false,
  iptables: "/x/iptables-nft",
  save: "/x/iptables-nft-save",
  restore: "/x/iptables-nft-restore",
};

const ENOBUFS = 105, EPERM = 1, EAFNOSUPPORT = 97;

/** What a listing gives whose program ends like this, where the kernel answers with that errno. */
function listing(end: KumaError | RunResult, errno = EPERM) {
  const run = () => end instanceof KumaError ? Promise.reject(end) : Promise.resolve(end);
  const children = new Children({ run });
  const asked = () =>
    askNft("ipv4", () => {
      throw new NftError(errno, "asked by a test");
    });
  return new Views(children, new ToolFinder(children, "", []), { ask: asked }).through(NFT);
}

/** A program that wrote this on stderr and ended. */
function ended(code: number, stderr: string, signal: string | null = null): RunResult {
  return { code, signal, stdout: "", stderr };
}

/** A failed start as the runtime reports it. */
function notStarted(cause: Error): KumaError {
  return new KumaError("KUMA-HOST-102", `cannot be started: ${cause}`, { cause });
}

// Each of these once counted as "no nft here", and legacy rules were written beside nft ones.
const PASSING: Readonly<Record<string, KumaError>> = {
  "no process is left": notStarted(
    new Deno.errors.WouldBlock("Resource temporarily unavailable (os error 11)"),
  ),
  "no memory is left": notStarted(new Error("Cannot allocate memory (os error 12)")),
  "no descriptor is left": notStarted(new Error("Too many open files (os error 24)")),
  "the listing takes too long": new KumaError("KUMA-HOST-103", "did not end"),
  "the listing is too long": new KumaError("KUMA-HOST-104", "wrote more than 16777216 bytes"),
};

for (const [name, error] of Object.entries(PASSING)) {
  Deno.test(`rules that cannot be listed are an error, no absence: ${name}`, async () => {
    await assert.rejects(listing(error), error);
  });
}

Deno.test("a program that is missing or of another machine is an absence", async () => {
  for (
    const error of [
      new KumaError("KUMA-HOST-101", "was not found"),
      notStarted(new Deno.errors.NotFound("its interpreter")),
      notStarted(new Error("Exec format error (os error 8)")),
    ]
  ) assert.equal(typeof await listing(error), "string");
});

Deno.test("a listing that fails is an absence only where the kernel has no nf_tables", async () => {
  const refusal = ended(1, "iptables-nft-save: Could not fetch rule set generation id");
  await assert.rejects(listing(refusal), { code: "KUMA-TP-203" });
  await assert.rejects(listing(ended(137, "", "SIGKILL")), { code: "KUMA-TP-203" });
  assert.match(String(await listing(refusal, EAFNOSUPPORT)), /generation id/);
});

Deno.test("a kernel that does not answer is no kernel without nf_tables", async () => {
  await assert.rejects(listing(ended(0, ""), ENOBUFS), { code: "KUMA-TP-210" });
});

Deno.test("a program that could not be asked what it is does not count as missing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kuma-views-" });
  try {
    await Deno.writeTextFile(`${folder}/iptables-nft`, "#!/bin/sh\n", { mode: 0o755 });
    const error = PASSING["no process is left"];
    const children = new Children({ run: () => Promise.reject(error) });
    await assert.rejects(new ToolFinder(children, folder, []).find("ipv4", "nft"), error);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
