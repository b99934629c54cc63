/**
 * ADD that the installer would answer, when something is wrong: whatever it is, the pod ends as by the program, which is
 * what looks after it then.
 */
import assert from "node:assert/strict";
import {
  encodeAnswer,
  greeting,
  QUICK_ADD_SOCKET,
  type QuickAddAnswer,
} from "core/cni/quick_add.ts";
import { listenAt } from "core/host/unix_listener.ts";
import { delay } from "core/time/clock.ts";
import { errorOf, InstalledPlugin, netConf } from "../cni/plugin.ts";
import { held, QuickAddLab } from "../cni/quick_add_lab.ts";
import { must } from "../support/processes.ts";
import { randomFrom } from "../support/property.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft", "iptables-legacy", "perl");

const OURS = /table inet kuma-mesh/;
const nft = (sandbox: CniSandbox, ...words: string[]) =>
  must("ip", ["netns", "exec", sandbox.name, "nft", ...words]);

/** What a listener that is none of ours does with one connection; it is closed then. */
type Talk = (connection: Deno.Conn) => Promise<void>;

/** Reads until so many bytes were seen, or the end. */
async function swallow(connection: Deno.Conn, size: number): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (let seen = 0; seen < size;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    seen += count;
  }
}

async function answerWith(connection: Deno.Conn, answer: Uint8Array): Promise<void> {
  await connection.write(greeting());
  await swallow(connection, 200);
  await connection.write(answer);
}

const rules = (batch: Uint8Array<ArrayBuffer>): QuickAddAnswer => ({
  ...{ kind: "rules", result: "{}", passthrough: false, acknowledged: 3, batch },
});
const numbers = (...all: number[]) => new Uint8Array(new Uint32Array(all).buffer);

const LIARS: Readonly<Record<string, Talk>> = {
  "takes the connection and says nothing": () => delay(1500),
  "leaves at once": () => Promise.resolve(),
  "greets by half": async (c) => void await c.write(greeting().slice(0, 20)),
  "is of another release": async (c) => {
    const other = greeting();
    other.set(new TextEncoder().encode("kuma-cni add 1 9.9.9"));
    await c.write(other);
    await swallow(c, 1);
  },
  "says something else": async (c) =>
    void await c.write(crypto.getRandomValues(new Uint8Array(900))),
  "greets and says nothing more": async (c) => {
    await c.write(greeting());
    await delay(3500);
  },
  "leaves before it answers": (c) => answerWith(c, new Uint8Array(0)),
  "answers by half": (c) => answerWith(c, encodeAnswer(rules(new Uint8Array(500)))!.slice(0, 300)),
  "answers with junk": (c) => answerWith(c, crypto.getRandomValues(new Uint8Array(2000))),
  "answers with less than an answer": (c) => answerWith(c, numbers(3, 3, 0, 0, 0)),
  "answers with more than there is room for": (c) =>
    answerWith(c, numbers(2 ** 32 - 1, 3, 0, 0, 4)),
  "answers with a result beyond its end": (c) => answerWith(c, numbers(40, 3, 0, 0, 2 ** 31)),
  "answers with what there is not": (c) => answerWith(c, numbers(18, 9, 0, 0, 2, 0x7d7b)),
  "leaves alone without a result": (c) => answerWith(c, numbers(16, 2, 0, 0, 0)),
  "sends no rules": (c) => answerWith(c, encodeAnswer(rules(new Uint8Array(0)))!),
  "sends rules that are none": (c) =>
    answerWith(c, encodeAnswer(rules(crypto.getRandomValues(new Uint8Array(3000))))!),
};

/** Listens in the place of an installer. */
function listen(binDir: string, talk: Talk): AsyncDisposable & { readonly talks: number } {
  const listener = listenAt(`${binDir}/${QUICK_ADD_SOCKET}`);
  let talks = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      talks += 1;
      // The front may have gone by the time it is spoken to.
      await talk(connection).catch(() => undefined);
      connection.close();
    }
  })();
  return {
    get talks() {
      return talks;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

test("an installer that lies, leaves or hangs: the pod is intercepted all the same", async (t) => {
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  using plugin = InstalledPlugin.create();
  let wanted: string | undefined;
  for (const [what, talk] of [["does not exist", undefined], ...Object.entries(LIARS)] as const) {
    await t.step(what, async () => {
      await using liar = talk === undefined ? undefined : listen(plugin.binDir, talk);
      await using sandbox = await CniSandbox.create(plugin, { firewallBackend: "auto" });
      sandbox.connect(api);
      const done = await sandbox.call("ADD");
      assert.deepEqual(done, { code: 0, stdout: `{\n    "cniVersion": "1.0.0"\n}`, stderr: "" });
      const found = await held(sandbox);
      assert.match(found, OURS);
      assert.equal(found, wanted ??= found);
      if (liar !== undefined) assert.equal(liar.talks, 1);
    });
  }
});

test("an installer that is not root is not asked", async () => {
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  using plugin = InstalledPlugin.create();
  Deno.chmodSync(plugin.binDir, 0o777);
  const path = `${plugin.binDir}/${QUICK_ADD_SOCKET}`;
  const heard = `${plugin.binDir}/heard`;
  // perl is of Debian's essential packages; this process cannot become somebody else and come back.
  const script =
    `use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])); listen(S, 5);
    print "ready"; close(STDOUT); accept(C, S); sysread(C, $x, 1) and open(F, ">", $ARGV[1]); sleep(60);`;
  const child = new Deno.Command("perl", {
    args: ["-e", script, path, heard],
    uid: 65534,
    gid: 65534,
    stdout: "piped",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    await using sandbox = await CniSandbox.create(plugin, { firewallBackend: "auto" });
    sandbox.connect(api);
    assert.equal((await sandbox.call("ADD")).code, 0);
    assert.match(await held(sandbox), OURS);
    assert.throws(() => Deno.lstatSync(heard), Deno.errors.NotFound);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
});

test("a pod in which somebody has rules is not asked about", async (t) => {
  await using lab = await QuickAddLab.create();
  for (
    const [what, spoil, kept] of [
      [
        "of nftables",
        (s: CniSandbox) => nft(s, "add", "table", "bridge", "theirs"),
        /table bridge theirs/,
      ],
      [
        "of iptables-legacy",
        (s: CniSandbox) =>
          must("ip", ["netns", "exec", s.name, "iptables-legacy", "-t", "nat", "-N", "THEIRS"]),
        /lo/,
      ],
      ["our own, of an ADD before", (s: CniSandbox) => s.call("ADD"), OURS],
    ] as const
  ) {
    await t.step(what, async () => {
      await using sandbox = await lab.sandbox();
      await spoil(sandbox);
      const before = lab.ended("intercepted");
      const done = await sandbox.call("ADD");
      assert.equal(done.code, 0, done.stdout);
      assert.equal(lab.ended("intercepted"), before);
      assert.match(await held(sandbox), kept);
      assert.equal((await sandbox.call("CHECK")).code, 0);
    });
  }
});

test("rules that somebody makes while the installer thinks: its own are refused, and the program looks again", async () => {
  let meddle: (() => Promise<unknown>) | undefined;
  await using lab = await QuickAddLab.create({}, async () => {
    const now = meddle;
    meddle = undefined;
    await now?.();
    return Response.json(podObject());
  });
  await lab.quick("failed", async () => {
    await using sandbox = await lab.sandbox();
    meddle = () => nft(sandbox, "add", "table", "ip", "theirs");
    assert.equal((await sandbox.call("ADD")).code, 0);
    const found = await held(sandbox);
    assert.match(found, OURS);
    assert.match(found, /table ip theirs/);
  });
  // ERESTART of the step that commits.
  const told = lab.lines.find(({ msg }) => /program looks after/.test(msg));
  assert.deepEqual(told?.fields, { step: 3, errno: 85 });
});

test("a pod that another call works on is the program's, which waits", async () => {
  await using lab = await QuickAddLab.create();
  await lab.quick("failed", async () => {
    await using sandbox = await lab.sandbox();
    const name = "\\0kuma-cni/turn";
    const script =
      `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack("S", 1) . "${name}") or die $!;
      $| = 1; print "ready"; sleep(1)`;
    const child = new Deno.Command("ip", {
      args: ["netns", "exec", sandbox.name, "perl", "-e", script],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assert.equal((await sandbox.call("ADD")).code, 0);
    assert.match(await held(sandbox), OURS);
    await reader.cancel();
    await child.status;
  });
});

test("what is wrong with a call the program says, as it always has", async () => {
  let status = 403;
  await using lab = await QuickAddLab.create(
    {},
    () =>
      status === 403
        ? Response.json({ message: "no" }, { status })
        : Response.json(podObject(), { status }),
  );
  await using sandbox = await lab.sandbox();
  const fail = async (call: Parameters<CniSandbox["call"]>[1]) =>
    errorOf(await sandbox.call("ADD", call)).details ?? "";
  assert.match(await fail({}), /^KUMA-CNI-015/);
  status = 200;
  assert.match(await fail({ env: { CNI_NETNS: "/proc/self/ns/net" } }), /^KUMA-CNI-005/);
  assert.match(await fail({ env: { CNI_NETNS: "/proc/self/ns/mnt" } }), /^KUMA-HOST-112/);
  assert.match(await fail({ env: { CNI_NETNS: "/dev/null" } }), /^KUMA-HOST-112/);
  assert.match(await fail({ env: { CNI_ARGS: "K8S_POD_NAME" } }), /^KUMA-CNI-001/);
  assert.match(await fail({ env: { CNI_IFNAME: "a/b" } }), /^KUMA-CNI-001/);
  assert.match(await fail({ stdin: "" }), /^KUMA-CNI-002/);
  assert.match(await fail({ stdin: "{\0}" }), /^KUMA-CNI-002/);
  assert.match(await fail({ stdin: " ".repeat(9 * 1024 * 1024) }), /^KUMA-CNI-002/);
  assert.doesNotMatch(await held(sandbox), OURS);
  // More than the installer is asked about, and less than the program takes.
  const prevResult = { cniVersion: "1.0.0", text: "x".repeat(2_000_000) };
  const stdin = netConf({ kubernetes: { kubeconfig: sandbox.kubeconfig }, prevResult });
  const done = await sandbox.call("ADD", { stdin });
  assert.equal(done.code, 0);
  assert.deepEqual(JSON.parse(done.stdout), prevResult);
  assert.match(await held(sandbox), OURS);
});

test("a pod with users of its own is the program's", async () => {
  await using lab = await QuickAddLab.create();
  await using sandbox = await lab.sandbox({ hostUsers: false });
  assert.equal((await sandbox.call("ADD")).code, 0);
  assert.match(await held(sandbox), OURS);
  assert.equal(lab.ended("intercepted"), 0);
});

test("killed at any moment: no rules or all of them, and the next ADD mends it", async () => {
  const random = randomFrom();
  await using lab = await QuickAddLab.create();
  await using whole = await lab.sandbox();
  assert.equal((await whole.call("ADD")).code, 0);
  const wanted = await held(whole);
  for (let kill = 0; kill < 25; kill += 1) {
    await using sandbox = await lab.sandbox();
    await sandbox.call("ADD", { killAfterMs: 1 + random() * 14 });
    const found = await held(sandbox);
    if (OURS.test(found)) assert.equal(found, wanted);
    else assert.doesNotMatch(found, /table/);
    assert.equal((await sandbox.call("ADD")).code, 0);
    assert.equal(await held(sandbox), wanted);
  }
});

test("strangers at the socket: nobody else waits for them, and nothing of them stays", async () => {
  await using lab = await QuickAddLab.create();
  const strangers = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const connection = await Deno.connect({ transport: "unix", path: lab.socket });
      const junk = crypto.getRandomValues(new Uint8Array(i * 50));
      await connection.write(junk).catch(() => 0);
      return connection;
    }),
  );
  await lab.quick("intercepted", async () => {
    await using sandbox = await lab.sandbox();
    assert.equal((await sandbox.call("ADD")).code, 0);
  });
  for (const connection of strangers) connection.close();
  assert.doesNotMatch(JSON.stringify(lab.lines), /a-token/);
});
