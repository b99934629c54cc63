/**
 * A node for the installer, as folders: what the DaemonSet's container has mounted, a service account, and
 * an API server of a few answers.
 *
 * @module
 */
import { statOrNothing } from "core/host/presence.ts";
import { fileURLToPath } from "node:url";
import { signalProcess, waitUntil } from "tests/support/processes.ts";

const ARCH = Deno.build.arch === "aarch64" ? "arm64" : "amd64";

/** The folder of the compiled programs of this checkout. */
export const DIST = fileURLToPath(
  new URL(`../../dist/linux-${ARCH}`, import.meta.url),
);

/** The program under test, or what INSTALL_CNI_BIN names. */
const INSTALL_CNI = Deno.env.get("INSTALL_CNI_BIN") ??
  `${DIST}/install-cni`;

/** A plugin that starts everywhere and fast. */
export const TINY_PLUGIN = `#!/bin/sh
echo '{"cniVersion":"1.1.0","supportedVersions":["0.3.1","1.0.0"]}'
`;

/** A usual list of the cluster's CNI. */
export const CALICO = `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico"
    },
    {
      "type": "portmap",
      "capabilities": {"portMappings": true}
    }
  ]
}
`;

/** What the API server of a {@linkcode TestNode} says about the DaemonSet. */
export type DaemonSetState =
  | "there"
  | "gone"
  | "deleting"
  | "elsewhere"
  | "forbidden"
  | "silent";

/** A node; dispose of it. */
export class TestNode implements AsyncDisposable {
  readonly netDir: string;
  readonly binDir: string;
  readonly readyFile: string;
  readonly account: string;
  daemonSet: DaemonSetState = "there";
  /** Whether TokenRequest is allowed. */
  mayRequestTokens = true;
  tokenRequests = 0;
  readonly installers: Installer[] = [];
  readonly #silence = Promise.withResolvers<Response>();
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;

  private constructor(readonly dir: string) {
    this.netDir = `${dir}/net.d`;
    this.binDir = `${dir}/bin`;
    this.readyFile = `${dir}/ready`;
    this.account = `${dir}/account`;
  }

  /** Makes the folders, the tiny plugin and the API server. */
  static async create(): Promise<TestNode> {
    const node = new TestNode(await Deno.makeTempDir({ prefix: "kc-" }));
    for (const folder of ["net.d", "bin", "image", "account"]) {
      Deno.mkdirSync(`${node.dir}/${folder}`);
    }
    Deno.writeTextFileSync(`${node.dir}/image/kuma-cni`, TINY_PLUGIN, {
      mode: 0o755,
    });
    Deno.writeTextFileSync(`${node.account}/token`, podToken());
    Deno.writeTextFileSync(`${node.account}/ca.crt`, "a CA\n");
    node.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => node.#answer(request),
    );
    return node;
  }

  /** The environment that the DaemonSet gives. */
  env(more: Record<string, string> = {}): Record<string, string> {
    return {
      CNI_NET_DIR: this.netDir,
      MOUNTED_CNI_NET_DIR: this.netDir,
      CNI_BIN_DIR: this.binDir,
      MOUNTED_CNI_BIN_DIR: this.binDir,
      MOUNTED_SECONDARY_CNI_BIN_DIR: "",
      CNI_SOURCE_DIR: `${this.dir}/image`,
      SERVICE_ACCOUNT_DIR: this.account,
      KUBERNETES_SERVICE_PROTOCOL: "http",
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(this.#server?.addr.port ?? 1),
      READY_FILE: this.readyFile,
      CNI_HTTP_PORT: "0",
      CNI_LOG_LEVEL: "info",
      ...more,
    };
  }

  /** Starts the compiled installer. */
  start(more: Record<string, string> = {}, args: string[] = []): Installer {
    // A killed one leaves it behind, and the new one needs a moment until it can remove it.
    if (isThere(this.readyFile)) Deno.removeSync(this.readyFile);
    const installer = new Installer(this, this.env(more), args);
    this.installers.push(installer);
    return installer;
  }

  /** Writes a config file as a cluster's CNI does: at once. */
  write(name: string, text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    Deno.writeFileSync(`${this.dir}/writing`, bytes);
    Deno.renameSync(`${this.dir}/writing`, `${this.netDir}/${name}`);
  }

  read(name: string): string {
    return Deno.readTextFileSync(`${this.netDir}/${name}`);
  }

  /** Types of the chain's plugins in order; undefined where the file is no list. */
  chain(name: string): string[] | undefined {
    try {
      const list = JSON.parse(this.read(name)) as {
        plugins?: { type: string }[];
      };
      return Array.isArray(list.plugins) ? list.plugins.map(({ type }) => type) : undefined;
    } catch (error) {
      if (
        error instanceof SyntaxError || error instanceof Deno.errors.NotFound
      ) return undefined;
      throw error;
    }
  }

  /** Waits until the chain of the file ends with us. */
  async chained(name: string, timeoutMs = 5000): Promise<void> {
    await waitUntil(
      `${name} is chained`,
      () => this.chain(name)?.at(-1) === "kuma-cni",
      {
        timeoutMs,
        intervalMs: 3,
      },
    );
  }

  /** Names in the net dir, sorted. */
  names(): string[] {
    return [...Deno.readDirSync(this.netDir)].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const installer of this.installers) await installer.kill();
    this.#silence.resolve(new Response());
    await this.#server?.shutdown();
    await Deno.remove(this.dir, { recursive: true });
  }

  #answer(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/token")) {
      this.tokenRequests += 1;
      if (!this.mayRequestTokens) {
        return Response.json({ reason: "Forbidden" }, { status: 403 });
      }
      return Response.json(
        { status: { token: ownToken(this.tokenRequests) } },
        { status: 201 },
      );
    }
    if (this.daemonSet === "silent") return this.#silence.promise;
    if (this.daemonSet === "forbidden") {
      return Response.json({}, { status: 403 });
    }
    if (pathname.includes("/pods/")) {
      const ownerReferences = [{ kind: "DaemonSet", name: "kuma-cni-node" }];
      return Response.json({
        metadata: { ownerReferences },
        spec: { nodeName: "node-1" },
      });
    }
    if (pathname.includes("/nodes/")) {
      return Response.json({
        metadata: { labels: { "kubernetes.io/os": "linux" } },
      });
    }
    if (this.daemonSet === "gone") return Response.json({}, { status: 404 });
    const os = this.daemonSet === "elsewhere" ? "windows" : "linux";
    return Response.json({
      metadata: this.daemonSet === "deleting" ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {},
      spec: {
        template: { spec: { nodeSelector: { "kubernetes.io/os": os } } },
      },
    });
  }
}

/** One run of the installer. */
export class Installer {
  readonly #child: Deno.ChildProcess;
  readonly status: Promise<Deno.CommandStatus>;
  readonly started = performance.now();
  /** What it has said so far. */
  output = "";
  #read: Promise<void>;

  constructor(
    readonly node: TestNode,
    env: Record<string, string>,
    args: string[],
  ) {
    this.#child = new Deno.Command(INSTALL_CNI, {
      args,
      env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.status = this.#child.status;
    this.#read = Promise.all([
      this.#gather(this.#child.stdout),
      this.#gather(this.#child.stderr),
    ])
      .then(() => {});
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until the readiness file is there; gives the milliseconds since the start. */
  async ready(timeoutMs = 60_000): Promise<number> {
    let ended = false;
    void this.status.then(() => ended = true);
    await waitUntil("the installer is ready", () => {
      if (ended) throw new Error(`it ended instead: ${this.output}`);
      return isThere(this.node.readyFile);
    }, { timeoutMs, intervalMs: 3 });
    return performance.now() - this.started;
  }

  /** Waits until it has said this: its words come after the files that it writes. */
  async says(words: RegExp): Promise<void> {
    await waitUntil(`the installer says ${words}`, () => words.test(this.output), {
      timeoutMs: 60_000,
    }).catch((cause: unknown) => {
      throw new Error(`the installer said: ${this.output}`, { cause });
    });
  }

  /** Sends SIGTERM and waits for the end. */
  async stop(): Promise<number> {
    signalProcess(this.pid, "SIGTERM");
    return await this.end();
  }

  /** Sends SIGKILL and waits for the end. */
  async kill(): Promise<void> {
    signalProcess(this.pid, "SIGKILL");
    await this.end();
  }

  /** Waits for the end; gives the exit code. */
  async end(): Promise<number> {
    const { code } = await this.status;
    await this.#read;
    return code;
  }

  async #gather(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.output += text;
    }
  }
}

/** A token like kubelet's, bound to the pod `kuma-cni-node-abcde`. Nobody checks its signature here. */
export function podToken(seconds = 3600): string {
  return token({
    pod: { name: "kuma-cni-node-abcde" },
    node: { name: "node-1" },
  }, seconds);
}

/** A token as TokenRequest gives one. */
export function ownToken(number = 1, seconds = 86_400): string {
  return token({}, seconds, { jti: String(number) });
}

function token(bound: object, seconds: number, more: object = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  const part = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  const account = {
    serviceaccount: { name: "kuma-cni", uid: "1234" },
    namespace: "kube-system",
  };
  const claims = {
    iat,
    exp: iat + seconds,
    "kubernetes.io": { ...account, ...bound },
    ...more,
  };
  return `${part({ alg: "none" })}.${part(claims)}.c2lnbmF0dXJl`;
}

/** Whether anything is at the path. */
export const isThere = (path: string): boolean => statOrNothing(path) !== undefined;
