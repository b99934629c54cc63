/** kuma-ebpf-loader among foreign programs, on remains of other versions, and without what it needs. */
import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { BpfObject } from "core/host/bpf/object.ts";
import { CLANG_FLAGS } from "build/bpf.ts";
import { must, run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { LoaderLab, loaderPath } from "./loader_lab.ts";
import { OUTSIDE } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");

/** A program of somebody else's that allows everything. */
const FOREIGN = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("cgroup/connect4") int foreign(struct bpf_sock_addr *context) { return 1; }
char _license[] SEC("license") = "GPL";
`;

/** One that the verifier refuses: it reads behind the end of a value. */
const WRONG = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
const volatile __u64 constants SEC(".rodata.constants") = 0;
SEC("cgroup/connect4") int wrong(struct bpf_sock_addr *context)
{
	return *(volatile int *)(constants + context->user_port) & 1;
}
char _license[] SEC("license") = "GPL";
`;

test(
  "a foreign program on the same cgroup is kept, by load and by unload",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    const pin = await foreignProgram(lab);
    await must("bpftool", ["cgroup", "attach", lab.cgroup, "connect4", "pinned", pin, "multi"]);
    const foreign = () => must("bpftool", ["cgroup", "show", lab.cgroup]);
    try {
      await lab.intercept();
      assert.match(await foreign(), /\bforeign\b/);
      using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
      assert.equal(connected(lab), true);
      using accepted = proxy.accept();
      assert.notEqual(accepted, undefined, "ours redirects beside it");
      await lab.must("unload");
      assert.match(await foreign(), /\bforeign\b/);
      assert.equal((await foreign()).trim().split("\n").length, 2, "it alone is there");
    } finally {
      await must("bpftool", ["cgroup", "detach", lab.cgroup, "connect4", "pinned", pin]);
      Deno.removeSync(pin);
    }
  },
);

test(
  "a foreign program that wants to be alone is named, and nothing is half loaded",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    const pin = await foreignProgram(lab);
    await must("bpftool", ["cgroup", "attach", lab.cgroup, "connect4", "pinned", pin]);
    try {
      const { code, stderr } = await lab.run(["load"]);
      assert.match(
        stderr,
        /cannot attach the program connect4: operation not permitted \[KUMA-BPF-015\]/,
      );
      assert.match(stderr, /\nHint: a foreign program is attached exclusively/);
      assert.equal(code, 1);
      const { loaded, programs } = await lab.status();
      assert.deepEqual([loaded, programs.filter(({ programId }) => programId)], [false, []]);
    } finally {
      await must("bpftool", ["cgroup", "detach", lab.cgroup, "connect4", "pinned", pin]);
      Deno.removeSync(pin);
    }
    await lab.intercept();
    assert.deepEqual((await lab.status()).problems, []);
  },
);

test(
  "pins that are half there, of another form or another version are put right",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await LoaderLab.create();
    await lab.intercept();
    const kuma = `${lab.bpffs}/kuma`;
    const mends = async (problem: RegExp | undefined) => {
      const before = await lab.status();
      const all = [...before.problems, ...before.pods.flatMap(({ problems }) => problems)].join(
        "; ",
      );
      if (problem !== undefined) assert.match(all, problem);
      await lab.must("load");
      const { problems, pods } = await lab.status();
      assert.deepEqual([problems, pods.map(({ problems }) => problems)], [[], [[]]]);
      using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });
      assert.equal(connected(lab), true);
      using accepted = proxy.accept();
      assert.equal(accepted?.original?.address, OUTSIDE.ipv4);
    };
    await t.step("a map and a link are missing", async () => {
      Deno.removeSync(`${kuma}/v1/pods`);
      Deno.removeSync(`${kuma}/links/connect4`);
      await mends(/connect4 is not attached; the map pods is not there; it has no entry/);
    });
    await t.step("a map has another form", async () => {
      Deno.removeSync(`${kuma}/v1/pods`);
      const sizes = ["type", "hash", "key", "4", "value", "4", "entries", "9", "name", "pods"];
      await must("bpftool", ["map", "create", `${kuma}/v1/pods`, ...sizes]);
      // It cannot be read as ours, and says so.
      await lab.run(["status"]);
      await lab.must("load");
      await mends(undefined);
    });
    await t.step("maps and programs of another version", async () => {
      Deno.mkdirSync(`${kuma}/v999`);
      const sizes = ["type", "hash", "key", "4", "value", "4", "entries", "9", "name", "pods"];
      await must("bpftool", ["map", "create", `${kuma}/v999/pods`, ...sizes]);
      const pin = await foreignProgram(lab);
      Deno.renameSync(pin, `${kuma}/links/of_another_version`);
      await mends(/v999 is of another version/);
      for (const gone of ["v999", "links/of_another_version"]) {
        assert.throws(() => Deno.statSync(`${kuma}/${gone}`), Deno.errors.NotFound);
      }
    });
    await t.step("the layout's maps are all gone, as after an upgrade to another one", async () => {
      Deno.removeSync(`${kuma}/v1`, { recursive: true });
      await mends(/it has no entry/);
    });
  },
);

test("what the verifier refuses is told with its last lines", OPEN_LIBRARIES, async () => {
  const bytes = await compiled(WRONG);
  assert.throws(
    () => BpfObject.load({ name: "wrong", bytes, constants: new Uint8Array(8) }),
    (error: unknown) => {
      assert(error instanceof KumaError);
      assert.equal(error.code, "KUMA-BPF-012");
      assert.match(error.message, /refuses the BPF object "wrong" at program wrong: /);
      assert.match(
        error.message,
        /verifier's last lines: .*invalid mem access.*processed \d+ insns/,
      );
      return true;
    },
  );
});

test("without libbpf it says what to install", OPEN_LIBRARIES, async () => {
  await using lab = await LoaderLab.create();
  const { stdout } = await run("ldconfig", ["-p"]);
  const library = /libbpf\.so\.1 .*=> (\S+)/.exec(stdout)?.[1] ?? "";
  const empty = await Deno.makeTempFile();
  // Covered in a mount namespace that the program alone is in.
  const { code, stderr } = await run("unshare", [
    ...["--mount", "sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh"],
    ...[empty, Deno.realPathSync(library), loaderPath(), "load", ...lab.flags("load")],
  ]);
  await Deno.remove(empty);
  assert.match(
    stderr,
    /^Error: libbpf cannot be opened: .*\[KUMA-BPF-010\]\nHint: install libbpf 1\.0 .*libbpf1\n$/,
  );
  assert.equal(code, 1);
});

test(
  "a folder of ours that others can change is neither used nor believed",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    const kuma = `${lab.bpffs}/kuma`;
    // The kernel mounts a BPF file system for everybody to write in, unless it is told a mode.
    Deno.mkdirSync(kuma);
    for (
      const spoil of [
        () => Deno.chownSync(kuma, 5678, 5678),
        () => {
          Deno.chownSync(kuma, 0, 0);
          Deno.chmodSync(kuma, 0o770);
        },
      ]
    ) {
      spoil();
      for (const words of [["load"], ["status"], ["pod", "add", `--netns=${lab.netns}`]]) {
        const { code, stderr } = await lab.run(words);
        assert.equal(code, 1, words.join(" "));
        assert.match(stderr, /\/kuma is not trusted: it (belongs to another user|may be written)/);
        assert.match(stderr, /KUMA-HOST-131/);
      }
    }
    Deno.chmodSync(kuma, 0o700);
    await lab.intercept();
  },
);

function connected(lab: LoaderLab): boolean {
  using client = Socket.create({ ns: lab.pod.name, uid: 1000 });
  return client.connect({ address: OUTSIDE.ipv4, port: 8080 }) === 0;
}

/** Loads the foreign program and gives its pin. */
async function foreignProgram(lab: LoaderLab): Promise<string> {
  const object = await Deno.makeTempFile({ suffix: ".o" });
  await Deno.writeFile(object, await compiled(FOREIGN));
  const pin = `${lab.bpffs}/foreign`;
  await must("bpftool", ["prog", "load", object, pin]);
  await Deno.remove(object);
  return pin;
}

async function compiled(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/program.c`, source);
  await must("clang", [...CLANG_FLAGS, "-c", `${folder}/program.c`, "-o", `${folder}/program.o`]);
  const bytes = await Deno.readFile(`${folder}/program.o`);
  await Deno.remove(folder, { recursive: true });
  return bytes;
}
