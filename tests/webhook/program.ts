/**
 * The compiled kuma-webhook as a test starts it, beside a real API server.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { CertificatePair } from "core/serve/tls_generation.ts";
import { type Authority, createAuthority, issueServer } from "../../webhook/certificates/issue.ts";
import {
  mutatingConfiguration,
  readerRules,
  validatingConfiguration,
} from "../../webhook/manifests.ts";
import type { KubeObject, TestCluster } from "../kube/apiserver.ts";
import { RunningProgram, type Started } from "../kube/running_program.ts";
import { freePort, waitUntil } from "../support/processes.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const REGISTRATION = "/apis/admissionregistration.k8s.io/v1";
/** A ContainerPatch here is refused. */
const MISPLACED = "/apis/kuma.io/v1alpha1/namespaces/default/containerpatches";
const ARCH = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
/** The program under test, or what `KUMA_WEBHOOK_BIN` names. */
export const PROGRAM = Deno.env.get("KUMA_WEBHOOK_BIN") ??
  new URL(`../../dist/linux-${ARCH}/kuma-webhook`, import.meta.url).pathname;

/** How a program is started. */
export interface ProgramOptions {
  /** A token instead of the administrator's certificate. */
  readonly token?: string;
  /** In place of the administrator's. */
  readonly kubeconfig?: string;
  readonly config?: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Most open files. */
  readonly files?: number;
}

/** The running program. */
export class Program extends RunningProgram {
  readonly #cluster: TestCluster;
  #reader: Promise<string> | undefined;

  private constructor(
    started: Started,
    cluster: TestCluster,
    readonly port: number,
    directory: string,
    readonly authority: Authority,
  ) {
    super(started, directory);
    this.#cluster = cluster;
  }

  /** Starts it with a certificate for `localhost` in files. It may not be ready yet. */
  static async start(cluster: TestCluster, options: ProgramOptions = {}): Promise<Program> {
    const directory = await Deno.makeTempDir({ prefix: "webhook-program-" });
    const authority = await createAuthority();
    writePair(directory, await issueServer(authority, ["localhost"]));
    const kubeconfig = `${directory}/kubeconfig`;
    const text = options.token === undefined
      ? options.kubeconfig ?? cluster.adminKubeconfig()
      : cluster.kubeconfig(options.token);
    await Deno.writeTextFile(kubeconfig, text, { mode: 0o600 });
    await Deno.writeTextFile(`${directory}/config.yaml`, options.config ?? "{}");
    const port = freePort();
    const limit = options.files === undefined ? [] : ["prlimit", `--nofile=${options.files}`];
    const [program = PROGRAM, ...before] = [...limit, PROGRAM];
    const args = [
      ...before,
      "serve",
      "--config-file",
      `${directory}/config.yaml`,
      ...options.args ?? [],
    ];
    const env = {
      KUBECONFIG: kubeconfig,
      KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_PORT: String(port),
      KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_ADDRESS: "127.0.0.1",
      KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_CERT_DIR: directory,
      ...options.environment,
    };
    return new Program({ program, args, env }, cluster, port, directory, authority);
  }

  /** Starts it and waits until it is ready. */
  static async ready(cluster: TestCluster, options: ProgramOptions = {}): Promise<Program> {
    const program = await Program.start(cluster, options);
    await program.untilReady();
    return program;
  }

  /** Where webhook configurations lead. */
  get url(): string {
    return `https://localhost:${this.port}`;
  }

  /** Waits until `/readyz` says ok. */
  async untilReady(): Promise<void> {
    await this.until(
      "the webhook is ready",
      async () => (await this.get("/readyz")).status === 200,
    );
  }

  /** As {@linkcode waitUntil}, for something that it does; where it does not, its log is in the error. */
  async until(what: string, probe: () => Promise<boolean>): Promise<void> {
    try {
      await waitUntil(what, probe, { timeoutMs: 30_000 });
    } catch (cause) {
      const page = await this.get("/metrics");
      const more = `/metrics: ${page.status} ${page.text}\nlog: ${this.said.slice(-4000)}`;
      throw new Error(`${errorText(cause)}\n${more}`, { cause });
    }
  }

  /**
   * Makes the API server call it for everything that it serves, and returns once it does: it learns of a
   * configuration some milliseconds after that is stored. The webhook must be ready.
   */
  async register(cluster: TestCluster): Promise<void> {
    const options = {
      namespace: "kuma-system",
      service: "kuma-control-plane",
      url: this.url,
      caBundle: this.authority.certificate,
    };
    const mutating = mutatingConfiguration(options);
    const validating = validatingConfiguration(options);
    await cluster.request("POST", `${REGISTRATION}/mutatingwebhookconfigurations`, mutating);
    await cluster.request("POST", `${REGISTRATION}/validatingwebhookconfigurations`, validating);
    await cluster.createServiceAccount("default", "default");
    await waitUntil("the API server calls the webhooks", async () => {
      // Each configuration is one object: who follows one entry of it follows all.
      const injected = await dryRun(cluster, "/api/v1/namespaces/default/pods", {
        metadata: { name: "try", labels: { "kuma.io/sidecar-injection": "enabled" } },
        spec: { containers: [{ name: "app", image: "app:1" }] },
      });
      const misplaced = await dryRun(cluster, MISPLACED, {
        apiVersion: "kuma.io/v1alpha1",
        kind: "ContainerPatch",
        metadata: { name: "try" },
      });
      return injected.includes("kuma-sidecar") && misplaced.includes("can only be placed in");
    });
  }

  /** Status and text of a page as somebody who may see all of them; status 0 while nothing listens. */
  async get(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    if (!["/metrics", "/explain"].includes(path.split("?")[0] ?? "")) {
      return await this.ask(path, init);
    }
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${await (this.#reader ??= readerToken(this.#cluster))}`);
    return await this.ask(path, { ...init, headers });
  }

  /** The same as a stranger. */
  async ask(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    using client = Deno.createHttpClient({ caCerts: [this.authority.certificate], http2: false });
    try {
      const answer = await fetch(`${this.url}${path}`, { ...init, client });
      return { status: answer.status, text: await answer.text() };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return { status: 0, text: error.message };
    }
  }

  /** Puts another certificate of the same CA in place of the one in use. */
  async rotate(): Promise<CertificatePair> {
    const pair = await issueServer(this.authority, ["localhost"]);
    writePair(this.directory, pair);
    return pair;
  }

  /** Asks it to end; returns its exit code and its log. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ code: number; log: string }> {
    return { code: await this.stop(signal), log: this.said };
  }

  /** Waits until it ends by itself. */
  async ended(): Promise<{ code: number; log: string }> {
    return { code: await this.exit(), log: this.said };
  }
}

async function dryRun(cluster: TestCluster, path: string, body: KubeObject): Promise<string> {
  return await (await cluster.fetch("POST", `${path}?dryRun=All`, body)).text();
}

/** The token of an account that may see the pages, which it makes. */
async function readerToken(cluster: TestCluster): Promise<string> {
  const name = `reader-${crypto.randomUUID().slice(0, 8)}`;
  await cluster.createServiceAccount("default", name);
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
  await cluster.request("POST", `${RBAC}/clusterroles`, {
    metadata: { name },
    rules: readerRules(),
  });
  await cluster.request("POST", `${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: role,
    subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
  });
  return await cluster.createServiceAccountToken("default", name);
}

/** The key first, as no tool would: for a moment the pair does not fit together. */
function writePair(directory: string, pair: CertificatePair): void {
  Deno.writeTextFileSync(`${directory}/tls.key`, pair.key, { mode: 0o600 });
  Deno.writeTextFileSync(`${directory}/tls.crt`, pair.certificate);
}
