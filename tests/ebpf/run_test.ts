/** kuma-ebpf-loader run, compiled: it loads, puts right, reports and leaves. */
import assert from "node:assert/strict";
import { freePort, waitUntil } from "tests/support/processes.ts";
import { metricsSteps } from "tests/support/metrics.ts";
import { requires } from "tests/support/requires.ts";
import { LoaderLab, loaderPath } from "./loader_lab.ts";
import { OUTSIDE } from "./pod_lab.ts";
import { Socket } from "./socket.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const test = requires("root", "netns", "bpf-build", "cgroup2");

test(
  "the DaemonSet's program reports, repairs, and leaves programs behind or not",
  OPEN_LIBRARIES,
  async (t) => {
    await using lab = await LoaderLab.create();
    await using loader = await Running.start(lab);
    await lab.must("pod", "add", `--netns=${lab.netns}`, "--name=demo/web", "--events=outbound");
    using proxy = Socket.listen({ ns: lab.pod.name, uid: 5678, port: 15001 });

    await waitUntil("events have the pod's name", async () => {
      connect(lab);
      await loader.read();
      return loader.events.some(({ pod }) => pod === "demo/web");
    });
    const event = loader.events.find(({ pod }) => pod === "demo/web");
    assert.equal(event?.verdict, "outbound");
    assert.equal(event?.to, `${OUTSIDE.ipv4}:8080`);
    assert.equal(event?.msg, "given to the sidecar's outbound port");
    const page = await loader.page("/metrics");
    assert.match(page, /^kuma_ebpf_connections_total\{pod="demo\/web",verdict="outbound"\} [1-9]/m);
    assert.match(page, /^kuma_ebpf_pods 1$/m);
    await metricsSteps(t, "kuma-ebpf-loader", page);

    // Somebody takes a program, and the pod's one, away.
    Deno.removeSync(`${lab.bpffs}/kuma/links/connect4`);
    await lab.pod.must("tc", "qdisc", "delete", "dev", "eth0", "clsact");
    await waitUntil("both are back", async () => {
      const { problems, pods } = await lab.status();
      return problems.length === 0 && pods[0]?.problems.length === 0;
    });
    connect(lab);
    assert.match(await loader.page("/metrics"), /^kuma_ebpf_repairs_total [1-9]/m);
    // The pod has another address.
    await lab.pod.must("ip", "address", "add", "10.99.7.7/32", "dev", "eth0");
    await waitUntil("it is the pod's own", async () => {
      const [pod] = (await lab.status()).pods;
      return pod?.configuration.some((line) => /^own addresses: .*10\.99\.7\.7/.test(line));
    });

    assert.equal(await loader.end("SIGTERM"), 0);
    assert.deepEqual((await lab.status()).problems, [], "everything works on without it");
    await using second = await Running.start(lab, "--detach-on-exit");
    assert.equal(await second.end("SIGTERM"), 0);
    assert.equal((await lab.status()).loaded, false);
    void proxy;
  },
);

/** The application connects; the proxy's backlog keeps it. */
function connect(lab: LoaderLab): void {
  using client = Socket.create({ ns: lab.pod.name, uid: 1000 });
  assert.equal(client.connect({ address: OUTSIDE.ipv4, port: 8080 }), 0);
}

/** A `run` at work. */
class Running implements AsyncDisposable {
  readonly events: Record<string, unknown>[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #port: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";
  #pending: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    this.#reader = child.stdout.getReader();
  }

  static async start(lab: LoaderLab, ...flags: string[]): Promise<Running> {
    const port = freePort();
    const child = new Deno.Command(loaderPath(), {
      args: ["run", ...lab.flags("run"), "--address=127.0.0.1", `--port=${port}`, ...flags],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const running = new Running(child, port);
    await waitUntil("the loader is ready", async () => (await running.page("/readyz")) === "ok\n");
    assert.equal(await running.page("/healthz"), "ok\n");
    return running;
  }

  /** A page; empty where nobody answers. */
  async page(path: string): Promise<string> {
    try {
      return await (await fetch(`http://127.0.0.1:${this.#port}${path}`)).text();
    } catch {
      return "";
    }
  }

  /** Takes the lines that were written so far. */
  async read(): Promise<void> {
    this.#pending ??= this.#reader.read();
    const found = await Promise.race([
      this.#pending,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50)),
    ]);
    if (found === undefined) return;
    this.#pending = undefined;
    this.#text += new TextDecoder().decode(found.value);
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.events.push(JSON.parse(line) as Record<string, unknown>);
  }

  /** Sends a signal and gives the exit code. */
  async end(signal: Deno.Signal): Promise<number> {
    this.#child.kill(signal);
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reader.cancel();
    await this.#pending;
  }
}
