import assert from "node:assert/strict";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { FREE_ROUNDS } from "./backoff.ts";
import { Chaining } from "./chaining.ts";
import { Installation } from "./installation.ts";
import { makeEntry } from "./netdir/entry.ts";
import { look } from "./netdir/look.ts";
import { Metrics } from "./report/metrics.ts";
import { type InstallState, reasonOf, unverified } from "./state.ts";
import { TestDir } from "./testing.ts";

const LIST = `{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"}]}`;
const START: InstallState = { kind: "waiting", reason: "not installed yet" };
const PLUGIN = `#!/bin/sh\necho '{"cniVersion":"1.1.0","supportedVersions":["1.0.0"]}'\n`;

/** A node's net dir with what works on it, the lines that are logged, and a count of looks. */
class Subject extends TestDir {
  readonly lines: LogRecord[] = [];
  readonly metrics = new Metrics();
  looks = 0;
  readonly log = {
    level: "info" as const,
    forward() {},
    logger: createLogger({
      name: "test",
      level: "debug",
      sink: (record) => void this.lines.push(record),
    }),
  };
  readonly looking: typeof look = (...given) => {
    this.looks++;
    return look(...given);
  };

  constructor(env: Record<string, string> = {}) {
    super({
      CNI_TOKEN_LIFETIME: "0",
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: "1",
      ...env,
    });
  }

  chaining(): Chaining {
    return new Chaining(this.settings, this.places, this.log, this.metrics, this.looking);
  }

  entry() {
    return makeEntry(this.settings, this.places, () => "");
  }

  /** Gives the file an age at which nobody is still writing it. */
  settle(name: string, text: string): void {
    this.write(name, text);
    const past = new Date(Date.now() - 10_000);
    Deno.utimeSync(`${this.places.netDir}/${name}`, past, past);
  }

  messages(): string[] {
    return this.lines.map(({ msg }) => msg);
  }
}

Deno.test("a heal looks once and, where it wrote, once more; with nothing to do, once", () => {
  using dir = new Subject();
  const chaining = dir.chaining();
  dir.settle("10-a.conflist", LIST);
  const first = chaining.round(dir.entry(), START);
  assert.equal(first.written, 1);
  assert.equal(dir.looks, 2);
  assert.equal(first.state.kind, "chained");
  assert(first.state.kind === "chained" && first.state.marks !== undefined);
  const second = chaining.round(dir.entry(), unverified(first.state));
  assert.deepEqual(second, { state: first.state, written: 0, pause: 0 });
  assert.equal(dir.looks, 3);
});

Deno.test("waiting has a reason, which is told once; a config ends it", () => {
  using dir = new Subject();
  const chaining = dir.chaining();
  const waiting = chaining.round(dir.entry(), START).state;
  assert.deepEqual(waiting, { kind: "waiting", reason: "there is no CNI config file" });
  chaining.round(dir.entry(), waiting);
  assert.deepEqual(dir.messages(), ["waiting for a CNI config"]);
  dir.settle("10-a.conflist", LIST);
  assert.equal(reasonOf(chaining.round(dir.entry(), waiting).state), "");
});

Deno.test("an agent that keeps rewriting makes it broken, with a pause that ends; the absence is told", () => {
  using dir = new Subject();
  const chaining = dir.chaining();
  let state: InstallState = START;
  let now = 0;
  for (let round = 0; round <= FREE_ROUNDS; round++) {
    dir.settle("10-a.conflist", LIST);
    ({ state } = chaining.round(dir.entry(), state, now));
    assert.equal(state.kind, "chained");
  }
  dir.settle("10-a.conflist", LIST);
  const held = chaining.round(dir.entry(), state, now);
  assert.deepEqual(held.state, {
    kind: "broken",
    reason: 'another agent keeps rewriting "10-a.conflist"',
  });
  assert(held.pause > 0);
  now += 5000;
  dir.settle("10-a.conflist", LIST);
  ({ state } = chaining.round(dir.entry(), held.state, now));
  assert.equal(state.kind, "chained");
  const away = dir.lines.find(({ msg }) => /the entry was away/.test(msg));
  assert.equal(away?.fields["seconds"], 5);
  assert.match(String(away?.fields["hint"]), /repair/);
});

Deno.test("a link stays: its target is edited, restored and watched", () => {
  using dir = new Subject();
  Deno.mkdirSync(`${dir.dir}/elsewhere`);
  const target = `${dir.dir}/elsewhere/real.json`;
  Deno.writeTextFileSync(target, LIST);
  Deno.utimeSync(target, new Date(0), new Date(0));
  Deno.symlinkSync("../elsewhere/real.json", `${dir.places.netDir}/10-a.conflist`);
  const chaining = dir.chaining();
  const { state } = chaining.round(dir.entry(), START);
  assert.equal(state.kind, "chained");
  assert.deepEqual(chaining.linked, [Deno.realPathSync(`${dir.dir}/elsewhere`)]);
  assert.equal(Deno.readLinkSync(`${dir.places.netDir}/10-a.conflist`), "../elsewhere/real.json");
  assert.match(Deno.readTextFileSync(target), /kuma-cni/);
});

Deno.test("an installation goes from waiting to chained and broken, and back", async () => {
  const account = Deno.makeTempDirSync({ prefix: "ki-account-" });
  using dir = new Subject({ SERVICE_ACCOUNT_DIR: account });
  Deno.writeTextFileSync(`${dir.dir}/image/kuma-cni`, PLUGIN, { mode: 0o755 });
  Deno.writeTextFileSync(`${account}/token`, "a-token");
  Deno.writeTextFileSync(`${account}/ca.crt`, "a CA\n");
  const { settings, places } = dir;
  const installation = new Installation(settings, places, dir.log, dir.metrics, dir.looking);
  // Its own function, since the compiler would take it to stay what it was.
  const kind = () => installation.state.kind;
  assert.equal(installation.check().ready, false);
  await installation.install();
  assert.equal(await installation.round(), 0);
  assert.equal(kind(), "waiting");
  dir.settle("10-a.conflist", LIST);
  assert.equal(await installation.round(), 0);
  assert.equal(kind(), "chained");
  assert.deepEqual(installation.check(), { ready: true, reason: "" });
  const looks = dir.looks;
  assert.equal(await installation.round(), 0);
  assert.equal(dir.looks, looks, "nothing has changed: no look at all");
  installation.markBroken("for a test");
  assert.deepEqual(installation.check(), { ready: false, reason: "for a test" });
  await installation.round();
  assert.equal(kind(), "chained");
  dir.settle("10-a.conflist", dir.read("10-a.conflist"));
  installation.setLevel("debug");
  assert.equal(installation.check().ready, false);
  await installation.round();
  assert.match(dir.read("10-a.conflist"), /"log_level": ?"debug"/);
  assert.equal(installation.check().ready, true);
  Deno.removeSync(account, { recursive: true });
});
