import assert from "node:assert/strict";
import { callPlugin, InstalledPlugin, netConf, podArgsText } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { checked, libc } from "../support/traffic/socket_calls.ts";

const test = requires("root", "netns");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const ROUNDS = 6;
/** A machine that others disturb gets more: what costs too much does so in each of them. */
const MOST_ROUNDS = 40;
/** What logging may add to a call: the socket's 20 ms, and as much again for the machine. */
const MAY_COST_MS = 40;

/** One ADD: how long it took, and what it wrote on stderr. */
async function timed(stdin: object, within?: readonly string[]) {
  const env = { CNI_ARGS: podArgsText("kube-system", "web") };
  const started = performance.now();
  const done = await callPlugin(plugin.path, { env, stdin, ...(within && { within }) });
  const took = performance.now() - started;
  assert.deepEqual([done.code, JSON.parse(done.stdout)], [0, { cniVersion: "1.0.0" }]);
  return { took, stderr: done.stderr };
}

/**
 * What the log adds to an ADD, and what its last one wrote on stderr. Silent and logging calls take turns,
 * and the quickest of each are compared: those that the machine disturbed least.
 */
async function costOf(stdin: object, within?: readonly string[]) {
  let [silent, logging, stderr] = [Infinity, Infinity, ""];
  const enough = (round: number) => round >= ROUNDS && logging - silent < MAY_COST_MS;
  for (let round = 0; round < MOST_ROUNDS && !enough(round); round += 1) {
    silent = Math.min(silent, (await timed(netConf({ log_level: "off" }), within)).took);
    const done = await timed(stdin, within);
    logging = Math.min(logging, done.took);
    stderr = done.stderr;
  }
  return { cost: logging - silent, stderr };
}

/** A Unix socket whose queue is full: the next connect would have to wait. */
function fullSocket(path: string): Disposable {
  const SOCK_STREAM_NONBLOCK = 1 | 0o4000, AF_UNIX = 1;
  const address = new Uint8Array(110);
  address[0] = AF_UNIX;
  address.set(new TextEncoder().encode(path), 2);
  const open = () => checked("socket", libc().socket(AF_UNIX, SOCK_STREAM_NONBLOCK, 0));
  const server = open();
  const clients = [open(), open(), open()];
  checked("bind", libc().bind(server, address, address.length));
  checked("listen", libc().listen(server, 0));
  const outcomes = clients.map((fd) => libc().connect(fd, address, address.length));
  assert.equal(outcomes.at(-1), -1, "the queue is not full");
  return {
    [Symbol.dispose]: () => {
      for (const fd of [server, ...clients]) libc().close(fd);
    },
  };
}

test("wherever its lines cannot go, ADD does not wait and does not fail", async (t) => {
  const dir = await Deno.makeTempDir({ prefix: "cni-log-" });
  const log = `${dir}/log`;
  Deno.mkdirSync(log, { mode: 0o700 });
  const conf = (changes: Record<string, unknown>) =>
    netConf({ log_level: "debug", log_socket: `${dir}/no`, log_file: `${log}/a.log`, ...changes });
  const cheap = async (what: string, stdin: object, within?: readonly string[], lost = true) => {
    await t.step(what, async () => {
      const { cost, stderr } = await costOf(stdin, within);
      assert.ok(cost < MAY_COST_MS, `it cost ${cost.toFixed(1)} ms`);
      assert.equal(stderr.includes("pod is left alone"), lost);
    });
  };
  /** The plugin, with another file system over the folder of the log. */
  const over = (
    mount: string,
  ) => ["unshare", "--mount", "sh", "-c", `${mount} && exec ${plugin.path}`];
  try {
    await cheap("a file", conf({}), undefined, false);
    {
      using _full = fullSocket(`${dir}/full.sock`);
      await cheap(
        "a socket whose queue is full: the file has the lines",
        {
          ...conf({ log_socket: `${dir}/full.sock`, log_file: `${log}/b.log` }),
        },
        undefined,
        false,
      );
      assert.match(Deno.readTextFileSync(`${log}/b.log`), /pod is left alone/);
    }
    {
      using _mute = Deno.listen({ transport: "unix", path: `${dir}/mute.sock` });
      const socket = conf({ log_socket: `${dir}/mute.sock` });
      await cheap("a socket that nobody reads from", socket, undefined, false);
    }
    await cheap("a socket that is a file, a log that is a device", {
      ...conf({ log_socket: "/etc/passwd", log_file: "/dev/full" }),
    });
    await cheap(
      "a socket's path that is too long",
      conf({ log_socket: `/${"a".repeat(300)}` }),
      undefined,
      false,
    );
    const full =
      `mount -t tmpfs -o size=4k,mode=700 none ${log} && ! head -c 9000 /dev/zero > ${log}/fill 2>/dev/null`;
    await cheap("a full file system", conf({}), over(full));
    await cheap("a read-only file system", conf({}), over(`mount -t tmpfs -o ro none ${log}`));
    await t.step("standard error is closed as well", async () => {
      const within = ["sh", "-c", `exec ${plugin.path} 2>&-`];
      const { stderr } = await timed(conf({ log_file: "/no/such/dir/a.log" }), within);
      assert.equal(stderr, "");
    });
    await t.step("standard error is full", async () => {
      const within = ["sh", "-c", `exec ${plugin.path} 2>/dev/full`];
      await timed(conf({ log_file: "/no/such/dir/a.log" }), within);
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
