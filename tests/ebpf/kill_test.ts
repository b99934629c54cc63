/** kuma-ebpf-loader killed at random moments of load, upgrade and unload: the next run puts it right. */
import assert from "node:assert/strict";
import { Pins } from "core/host/bpf/pins.ts";
import { status } from "core/host/bpf/status.ts";
import { sleep } from "tests/support/processes.ts";
import { randomFrom } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { LoaderLab, loaderPath, objectsOf, stillThere } from "./loader_lab.ts";
import { OUTSIDE } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const KILLS = 100;
const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");

test(
  `${KILLS} kills of load, upgrade and unload are put right by the next run`,
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    using server = Socket.listen({ ns: lab.outside.name, uid: 0, port: 8080 });
    using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
    const addPod = ["pod", "add", `--netns=${lab.netns}`, "--name=demo/web"];
    const load = await timed(() => lab.must("load"));
    const add = await timed(() => lab.must(...addPod));
    const unload = await timed(() => lab.must("unload"));
    const random = randomFrom();
    const seen = new Map<string, number>();
    for (let i = 0; i < KILLS; i++) {
      const what = (["load", "pod add", "upgrade", "unload"] as const)[i % 4] ?? "load";
      // The first of four begins with nothing, the others with a pod that is redirected.
      const [words, took] = what === "unload"
        ? [["unload"], unload]
        : what === "pod add"
        ? [addPod, add]
        : [["load"], load];
      const done = await killed(lab, words, random() * took * 1.1);
      const outcome = `${what} ${done ? "done" : "killed"}`;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      const by = reached(server, proxy, lab);
      // Never refused, never lost: redirected, or not yet, or no more.
      assert(by === "proxy" || (by === "server" && what !== "upgrade"), `${what}: ${by}`);
      if (what === "unload") {
        const objects = await objectsOf(lab);
        await lab.must("unload");
        assert.equal(reached(server, proxy, lab), "server");
        assert.deepEqual(
          [...Deno.readDirSync(lab.bpffs)].map(({ name }) => name)
            .filter((name) => name === "kuma"),
          [],
        );
        assert.deepEqual((await stillThere(objects)).filter((one) => one.startsWith("link")), []);
        continue;
      }
      await lab.must("load");
      if (what === "load") await lab.must(...addPod);
      const { problems, pods } = status(new Pins(lab.bpffs));
      assert.deepEqual([problems, pods.map(({ problems }) => problems)], [[], [[]]], what);
      assert.equal(reached(server, proxy, lab), "proxy", what);
    }
    const text = [...seen].map(([outcome, times]) => `${outcome} ${times}`).join(", ");
    Deno.stderr.writeSync(new TextEncoder().encode(`kills: ${text}\n`));
  },
);

/** Whether it had ended by itself before. */
async function killed(lab: LoaderLab, words: string[], afterMs: number): Promise<boolean> {
  const child = new Deno.Command(loaderPath(), {
    args: [...words, ...lab.flags(words[0] ?? "")],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await sleep(afterMs);
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  return (await child.status).signal === null;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Who gets a connection of the application. */
function reached(server: Socket, proxy: Socket, lab: LoaderLab): string {
  using client = Socket.create({ ns: lab.pod.name, uid: 1000 });
  const error = client.connect({ address: OUTSIDE.ipv4, port: 8080 });
  if (error !== 0) return `errno ${error}`;
  const { port } = client.name;
  for (let patience = 0; patience < 500; patience++) {
    for (const [name, listener] of [["proxy", proxy], ["server", server]] as const) {
      using accepted = listener.accept(patience === 0 ? 0 : 2);
      if (accepted?.peer.port === port) return name;
    }
  }
  return "nobody";
}
