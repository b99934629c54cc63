/** kuma-ebpf-loader, compiled: load, pods, status, upgrade, unload. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { CLANG_FLAGS } from "build/bpf.ts";
import { must, run, sleep, waitUntil } from "tests/support/processes.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { LoaderLab, loaderPath, objectsOf, stillThere } from "./loader_lab.ts";
import { OUTSIDE } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");

/** A classifier of somebody else's. */
const ALLOW = `int allow(void *context) __attribute__((section("tc"), used));
int allow(void *context) { return 0; }
char _license[] __attribute__((section("license"), used)) = "GPL";
`;

test(
  "a pod is redirected by the commands alone, and left alone again",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    using server = Socket.listen({ ns: lab.outside.name, uid: 0, port: 8080 });
    using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
    assert.equal(reached(lab, server, proxy), "server");
    await lab.must("load");
    assert.equal(reached(lab, server, proxy), "server", "programs alone redirect nobody");
    await lab.must("pod", "add", `--netns=${lab.netns}`, "--name=demo/web");
    assert.equal(reached(lab, server, proxy), "proxy");

    const { loaded, problems, pods } = await lab.status();
    assert.deepEqual([loaded, problems], [true, []]);
    assert.deepEqual(pods.map(({ name, problems }) => [name, problems]), [["demo/web", []]]);
    assert.equal(pods[0]?.counters.outbound, 1);
    const text = await lab.must("status");
    assert.match(text, /connect4 +program \d+/);
    assert.match(text, /Pod demo\/web .*\n(.*\n)* {2}connections: outbound 1\n/);

    await lab.must(
      "pod",
      "add",
      `--netns=${lab.netns}`,
      "--config={redirect: {outbound: {excludePorts: [8080]}}}",
    );
    assert.equal(
      reached(lab, server, proxy),
      "server",
      "another configuration is in force at once",
    );
    await lab.must("pod", "add", `--netns=${lab.netns}`, "--name=demo/web");
    assert.match(await lab.must("pod", "remove", "--name=demo/web"), /left alone/);
    assert.equal(reached(lab, server, proxy), "server");
    assert.match(await lab.must("pod", "remove", `--netns=${lab.netns}`), /nothing was changed/);

    await lab.must("pod", "add", `--netns=${lab.netns}`);
    const objects = await objectsOf(lab);
    assert(objects.length > 30, `only ${objects.length}`);
    await lab.must("unload");
    assert.equal(reached(lab, server, proxy), "server");
    assert.match(await lab.must("unload"), /Nothing was loaded/);
    assert.deepEqual([...Deno.readDirSync(lab.bpffs)].filter(({ name }) => name === "kuma"), []);
    await waitUntil(
      "the kernel has let go of all of it",
      async () => (await stillThere(objects)).length === 0,
    );
    assert.equal(await lab.pod.must("tc", "filter", "show", "dev", "eth0", "ingress"), "");
    assert.doesNotMatch(await lab.pod.must("tc", "qdisc", "show", "dev", "eth0"), /clsact/);
  },
);

test(
  "an upgrade replaces programs without a gap, and keeps pods and counters",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    await lab.intercept();
    using server = Socket.listen({ ns: lab.outside.name, uid: 0, port: 8080 });
    using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
    const former = await lab.status();
    let connections = 0, upgraded = false;
    const upgrade = lab.must("load").then(() => lab.must("load")).then(() => upgraded = true);
    while (!upgraded) {
      assert.equal(reached(lab, server, proxy), "proxy", `connection ${connections}`);
      connections++;
      await sleep(1);
    }
    await upgrade;
    const now = await lab.status();
    assert.equal(now.programs.length, former.programs.length);
    now.programs.forEach(({ name, programId }, at) =>
      assert.notEqual(programId, former.programs[at]?.programId, name)
    );
    assert.equal(now.pods[0]?.counters.outbound, connections);
    assert.deepEqual([now.problems, now.pods[0]?.problems], [[], []]);
    assert(connections > 20, `only ${connections} connections meanwhile`);
  },
);

test("a pod that has gone is forgotten at the next load", OPEN_LIBRARIES, async () => {
  await using lab = await LoaderLab.create();
  await lab.intercept();
  {
    await using gone = await Namespace.create("gone");
    await lab.must("pod", "add", `--netns=/run/netns/${gone.name}`, "--name=demo/gone");
    assert.equal((await lab.status()).pods.length, 2);
  }
  const out = await waitUntil("the kernel lets the namespace go", async () => {
    const out = await lab.must("load");
    return out.includes("demo/gone has gone and is forgotten") && out;
  });
  assert.match(out, /Pods with the present programs: 1\./);
  const { pods, maps } = await lab.status();
  assert.deepEqual(pods.map(({ name }) => name), ["demo/web"]);
  assert.equal(maps.pods?.entries, 1);
});

test(
  "filters of others at the pod's interface, and the qdisc that holds them, are kept",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    const tc = (...words: string[]) => lab.pod.must("tc", ...words);
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/allow.c`, ALLOW);
    await must("clang", [...CLANG_FLAGS, "-c", `${folder}/allow.c`, "-o", `${folder}/allow.o`]);
    // Made by us, used by somebody else since; then made by somebody else, and not used.
    await lab.intercept();
    const program = ["bpf", "direct-action", "obj", `${folder}/allow.o`, "sec", "tc"];
    await tc("filter", "add", "dev", "eth0", "egress", "prio", "7", ...program);
    await Deno.remove(folder, { recursive: true });
    await lab.must("pod", "remove", "--name=demo/web");
    assert.match(await tc("filter", "show", "dev", "eth0", "egress"), /pref 7 bpf/);
    assert.equal(await tc("filter", "show", "dev", "eth0", "ingress"), "");
    await tc("qdisc", "delete", "dev", "eth0", "clsact");
    await tc("qdisc", "add", "dev", "eth0", "clsact");
    await lab.must("pod", "add", `--netns=${lab.netns}`, "--name=demo/web");
    await lab.must("unload");
    assert.match(await tc("qdisc", "show", "dev", "eth0"), /clsact/);
  },
);

test("loaders that start together take turns, and all succeed", OPEN_LIBRARIES, async () => {
  await using lab = await LoaderLab.create();
  // As init containers of several pods on a fresh node do.
  const done = await Promise.all(Array.from({ length: 4 }, () => lab.run(["load"])));
  assert.deepEqual(done.map(({ code, stdout }) => [code, stdout.split(".")[0]?.slice(0, 21)]), [
    ...Array.from({ length: 4 }, () => [0, "Programs are attached"]),
  ]);
  const pods = await Promise.all(
    Array.from({ length: 4 }, () => lab.run(["pod", "add", `--netns=${lab.netns}`])),
  );
  assert.deepEqual(pods.map(({ code }) => code), [0, 0, 0, 0]);
  const { problems, programs, pods: found } = await lab.status();
  assert.deepEqual([problems, found.length, found[0]?.problems], [[], 1, []]);
  assert(programs.every(({ programId }) => programId !== undefined));
});

test("a pod whose path has gone is found by another one", OPEN_LIBRARIES, async () => {
  await using lab = await LoaderLab.create();
  await lab.must("load");
  const holder = new Deno.Command("nsenter", {
    args: [`--net=${lab.netns}`, "--", "sleep", "infinity"],
    stdout: "null",
  }).spawn();
  const path = `/proc/${holder.pid}/ns/net`;
  const [ours, theirs] = ["/proc/self/ns/net", lab.netns].map((one) => Deno.statSync(one).ino);
  await waitUntil("the process is in the pod", () => Deno.statSync(path).ino === theirs);
  assert.notEqual(ours, theirs);
  await lab.must("pod", "add", `--netns=${path}`, "--name=demo/web");
  holder.kill("SIGKILL");
  await holder.status;
  assert.match(await lab.must("load"), /Pods with the present programs: 1\./);
  assert.match(await lab.must("status"), new RegExp(`Pod demo/web .*, ${lab.netns}\\):`));
});

test(
  "what makes no sense is refused in one line, and nothing is changed",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await LoaderLab.create();
    const refused: readonly (readonly [words: string[], error: RegExp])[] = [
      [["pod", "add", `--netns=${lab.netns}`], /not loaded|there is no map .* \[KUMA-BPF-018\]/],
      [
        ["pod", "add", "--netns=/nowhere"],
        /cannot open the network namespace \/nowhere.*\[KUMA-HOST-111\]/,
      ],
      [["pod", "add", "--netns=relative"], /no absolute path \[KUMA-BPF-026\]/],
      [["pod", "add"], /required flag "netns" not set/],
      [["pod", "add", `--netns=${lab.netns}`, "--name=a b"], /no name of a pod.*\[KUMA-BPF-026\]/],
      [
        ["pod", "add", `--netns=${lab.netns}`, "--events=sideways"],
        /no verdict \[KUMA-BPF-026\]\nHint: all, or some of outbound/,
      ],
      [["pod", "add", `--netns=${lab.netns}`, "--config={a: b}"], /\[KUMA-/],
      [["pod", "remove"], /give either --netns or --name/],
      [["status", "-o", "xml"], /not one of text, json, yaml/],
      [["lod"], /unknown command 'lod' \(Did you mean one of load, pod\?\)/],
    ];
    for (const [words, error] of refused) {
      await t.step(words.join(" "), async () => {
        const { code, stdout, stderr } = await lab.run(words);
        assert.match(stderr, error);
        assert.match(stderr, /^(Warning: .*\n)*Error: .*\n(Hint: .*\n)?$/);
        assert.deepEqual([code, stdout], [1, ""]);
      });
    }
    assert.deepEqual((await lab.status()).pods, []);
  },
);

test(
  "a node that lacks something is told what to do, and mounts what it is asked to",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    const folder = await Deno.makeTempDir({ prefix: "kuma-bpffs-" });
    const place = [`--bpffs-path=${folder}/bpf`, `--cgroup-path=${lab.cgroup}`];
    for (const command of ["check", "load"]) {
      const { code, stderr } = await run(loaderPath(), [command, ...place]);
      assert.match(
        stderr,
        /^Error: no BPF file system is mounted at .*\/bpf \[KUMA-BPF-022\]\nHint: there is one at .*\n$/,
      );
      assert.equal(code, 1);
    }
    await must(loaderPath(), ["load", ...place, "--mount-bpffs"]);
    assert.match(await must(loaderPath(), ["check", ...place]), /ok {4}libbpf: libbpf 1\.\d/);
    await must(loaderPath(), ["unload", `--bpffs-path=${folder}/bpf`]);
    await must("umount", [`${folder}/bpf`]);
    await Deno.remove(folder, { recursive: true });
  },
);

/** Who gets a connection of the application to the server. */
function reached(lab: LoaderLab, server: Socket, proxy: Socket): string {
  using client = Socket.create({ ns: lab.pod.name, uid: 1000 });
  const to = { address: OUTSIDE.ipv4, port: 8080 };
  assert.equal(client.connect(to), 0);
  const { port } = client.name;
  for (let patience = 0; patience < 500; patience++) {
    for (const [name, listener] of [["proxy", proxy], ["server", server]] as const) {
      using accepted = listener.accept(patience === 0 ? 0 : 2);
      if (accepted?.peer.port === port) return name;
    }
  }
  return "nobody";
}
