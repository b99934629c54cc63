/** kuma-cni, compiled, where the node's pods are redirected by eBPF. */
import assert from "node:assert/strict";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { type Call, errorOf, InstalledPlugin, netConf } from "tests/cni/plugin.ts";
import { CniSandbox, FIRST_UID, podObject, type SandboxOptions } from "tests/faults/cni_sandbox.ts";
import { MisbehavingApi } from "tests/faults/misbehaving_api.ts";
import { type Finished, run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { LoaderLab } from "./loader_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

/** Somewhere that no route leads to. */
const AWAY = { address: "203.0.113.9", port: 80 };

test(
  "ADD redirects by eBPF without a rule, CHECK sees it, and the loader forgets it",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    await using place = await Place.create(lab);
    const early = errorOf(await place.call("ADD"));
    assert.match(
      `${early.msg} ${early.details}`,
      /there is no map .*load the programs of the node first/s,
    );
    await lab.must("load");
    assert.equal((await place.call("ADD")).code, 0);
    assert.equal((await place.call("ADD")).code, 0, "again changes nothing");
    assert.equal(await place.sandbox.rules(), "");
    const { pods } = await lab.status();
    assert.deepEqual(pods.map(({ name, problems }) => [name, problems]), [["demo/web", []]]);
    assert.equal(place.redirected(), true);
    assert.equal((await place.call("CHECK")).code, 0);

    await lab.must("pod", "remove", "--name=demo/web");
    assert.match(
      errorOf(await place.call("CHECK")).msg,
      /no entry in the maps of the eBPF programs/,
    );
    assert.equal((await place.call("ADD")).code, 0);
    assert.equal((await place.call("DEL")).code, 0);
  },
);

test(
  "a pod that does not want it, or cannot have it, gets firewall rules",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await LoaderLab.create();
    await t.step("by the fall-back, where the programs are not loaded", async () => {
      await using place = await Place.create(lab);
      const done = await place.call("ADD", { fallback: true });
      assert.equal(done.code, 0, done.stdout);
      assert.match(await place.sandbox.rules(), /15001/);
    });
    await lab.must("load");
    await t.step("by its annotation", async () => {
      await using place = await Place.create(lab, {
        "kuma.io/transparent-proxying-ebpf": "disabled",
      });
      assert.equal((await place.call("ADD")).code, 0);
      assert.match(await place.sandbox.rules(), /15001/);
    });
    await t.step("with a sidecar whose user it has not: refused", async () => {
      const annotations = { "kuma.io/sidecar-uid": "70000" };
      await using place = await Place.create(lab, annotations, { hostUsers: false });
      const refused = errorOf(await place.call("ADD"));
      assert.match(refused.msg, /the sidecar's user 70000 is none of its users/);
    });
    assert.deepEqual((await lab.status()).pods, []);
  },
);

test(
  "the users of a pod with users of its own (hostUsers: false) are those that it calls so",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    await lab.must("load");
    // The upper bound is beyond what a kubelet gives a pod.
    const annotations = {
      "traffic.kuma.io/exclude-outbound-tcp-ports-for-uids": "80:2000-70000",
    };
    await using place = await Place.create(lab, annotations, { hostUsers: false });
    const done = await place.call("ADD");
    assert.equal(done.code, 0, done.stdout);
    assert.equal(await place.sandbox.rules(), "");
    assert.equal(place.redirected(FIRST_UID), true);
    for (const uid of [2000, 5678, 65535]) {
      assert.equal(place.redirected(FIRST_UID, uid), false, `user ${uid}`);
    }
    // Users of the node with the same numbers are others: these come in by a namespace that they share.
    assert.equal(place.redirected(FIRST_UID, 5678 - FIRST_UID), true);
    const { pods } = await lab.status();
    assert.match(pods[0]?.configuration.join() ?? "", new RegExp(`${FIRST_UID + 5678}`));
    // The programs are put in force anew from the record, which has the pod's own numbers.
    await lab.must("load");
    assert.equal(place.redirected(FIRST_UID), true);
    assert.equal(place.redirected(FIRST_UID, 5678), false);
  },
);

test(
  "libbpf comes from the plugin's own folder where the node has none",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await LoaderLab.create();
    await lab.must("load");
    await using place = await Place.create(lab);
    const { stdout } = await run("ldconfig", ["-p"]);
    const covers: string[] = [];
    const empty = await Deno.makeTempFile();
    for (const name of ["libbpf.so.1", "libelf.so.1", "libz.so.1"]) {
      const path = new RegExp(`${name.replaceAll(".", "\\.")} .*=> (\\S+)`).exec(stdout)?.[1] ?? "";
      Deno.copyFileSync(path, `${plugin.binDir}/${RUNTIME_FOLDER}/${name}`);
      covers.push(Deno.realPathSync(path));
    }
    // In a mount namespace that the plugin alone is in, the node's own are covered.
    const script = `for path in ${
      covers.join(" ")
    }; do mount --bind ${empty} "$path" || exit 9; done; exec "$@"`;
    const within = ["unshare", "--mount", "sh", "-c", script, "sh", plugin.path];
    const done = await place.call("ADD", {}, { within });
    for (const name of ["libbpf.so.1", "libelf.so.1", "libz.so.1"]) {
      Deno.removeSync(`${plugin.binDir}/${RUNTIME_FOLDER}/${name}`);
    }
    assert.equal(done.code, 0, done.stdout);
    assert.equal(place.redirected(), true);
    const without = errorOf(await place.call("ADD", {}, { within }));
    assert.match(without.msg, /libbpf cannot be opened/);
    await Deno.remove(empty);
  },
);

/** A pod of an API server, and its namespace. */
class Place implements AsyncDisposable {
  private constructor(
    private readonly lab: LoaderLab,
    private readonly api: MisbehavingApi,
    readonly sandbox: CniSandbox,
  ) {}

  static async create(
    lab: LoaderLab,
    annotations: Record<string, string> = {},
    options: SandboxOptions = {},
  ): Promise<Place> {
    const api = await MisbehavingApi.create(() => Response.json(podObject(annotations)));
    const sandbox = await CniSandbox.create(plugin, options);
    sandbox.connect(api);
    return new Place(lab, api, sandbox);
  }

  /** Calls the plugin with eBPF on. */
  call(command: string, ebpf: object = {}, call: Call = {}): Promise<Finished> {
    const kubernetes = { kubeconfig: this.sandbox.kubeconfig };
    const stdin = netConf({
      kubernetes,
      firewall_backend: "iptables",
      ebpf: { bpffs_path: this.lab.bpffs, ...ebpf },
      ...(command === "CHECK" ? { prevResult: { cniVersion: "1.0.0" } } : {}),
    });
    return this.sandbox.call(command, { stdin, ...call });
  }

  /** Whether a connection of a user reaches the sidecar; the pod's users have numbers from `first` on. */
  redirected(first = 0, user = 1000): boolean {
    using proxy = Socket.listen({ ns: this.sandbox.name, uid: first + 5678, port: 15001 });
    using client = Socket.create({ ns: this.sandbox.name, uid: first + user });
    if (client.connect(AWAY, 300) !== 0) return false;
    using accepted = proxy.accept();
    return accepted?.original?.address === AWAY.address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    await this.api[Symbol.asyncDispose]();
  }
}
