/**
 * The compiled kuma-controller as a test starts it, with the rights that its manifests give it.
 *
 * @module
 */
import { controllerClusterRules, controllerNamespaceRules } from "core/manifests/controller.ts";
import { evaluate, NO_SCOPE } from "core/manifests/template/evaluate.ts";
import type { Json } from "core/patch/json.ts";
import { errorText } from "core/errors.ts";
import { waitUntil } from "../support/processes.ts";
import type { TestCluster } from "../kube/apiserver.ts";
import type { PolicyRule } from "../kube/cluster.ts";
import { RunningProgram } from "../kube/running_program.ts";

const ARCH = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
/** The program under test. */
export const PROGRAM =
  new URL(`../../dist/linux-${ARCH}/kuma-controller`, import.meta.url).pathname;
/** Namespace of the controller and its Lease. */
export const SYSTEM = "kuma-system";

/** Variables that switch on what these tests look at. */
export const TAINTS = {
  KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_ENABLED: "true",
  KUMA_RUNTIME_KUBERNETES_NODE_TAINT_CONTROLLER_CNI_APP: "kuma-cni",
};

/** Makes the system namespace and the account, and gives it its rights; gives its token. */
export async function controllerAccount(cluster: TestCluster, repair = "report"): Promise<string> {
  await cluster.createNamespace(SYSTEM);
  await cluster.createServiceAccount(SYSTEM, "kuma-controller");
  const subject = { serviceAccount: `${SYSTEM}/kuma-controller` };
  const rules = (nodes: Json) => nodes as unknown as PolicyRule[];
  const all = evaluate(controllerClusterRules({ taints: true, cni: true, repair }), NO_SCOPE);
  await cluster.grant("kuma-controller", rules(all), subject);
  const own = evaluate(controllerNamespaceRules(), NO_SCOPE);
  await cluster.grant("kuma-controller", rules(own), subject, SYSTEM);
  return await cluster.createServiceAccountToken(SYSTEM, "kuma-controller");
}

/** How a program is started. */
export interface ProgramOptions {
  readonly token: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** URL of the API server in place of the cluster's own, such as a relay's. */
  readonly server?: string;
}

/** The running program. */
export class Program extends RunningProgram {
  /** Starts it; it may not be ready yet. */
  static async start(cluster: TestCluster, options: ProgramOptions): Promise<Program> {
    const directory = await Deno.makeTempDir({ prefix: "controller-program-" });
    const kubeconfig = `${directory}/kubeconfig`;
    const text = cluster.kubeconfig(options.token)
      .replace(cluster.url, options.server ?? cluster.url);
    await Deno.writeTextFile(kubeconfig, text, { mode: 0o600 });
    const args = ["serve", "--address", "127.0.0.1", "--port", "0"];
    const env = { KUBECONFIG: kubeconfig, ...options.environment };
    return new Program({ program: PROGRAM, args, env }, directory);
  }

  /** As `waitUntil`; where it waits in vain, the log is in the error. */
  async until(what: string, probe: () => Promise<boolean> | boolean): Promise<void> {
    try {
      await waitUntil(what, async () => await probe(), { timeoutMs: 60_000 });
    } catch (cause) {
      throw new Error(`${errorText(cause)}\nlog: ${this.said.slice(-4000)}`, { cause });
    }
  }

  /** Waits until it leads. */
  leads(): Promise<void> {
    return this.until("it leads", () => this.lines("lease acquired").length > 0);
  }

  /** Text of one of its pages. */
  async page(path: string): Promise<string> {
    await this.until("it serves", () => this.lines("serving").length > 0);
    const answer = await fetch(`http://127.0.0.1:${this.lines("serving")[0]?.port}${path}`);
    return await answer.text();
  }

  /**
   * Waits until a page has all of this, and gives the page. What the API server has already, the program may not have
   * counted yet: it waits for the answer first.
   */
  async pageWith(path: string, ...wanted: readonly (string | RegExp)[]): Promise<string> {
    let page = "";
    const missing = () =>
      wanted.filter((one) => typeof one === "string" ? !page.includes(one) : !one.test(page));
    try {
      await this.until(`${path} has all that it shall`, async () => {
        page = await this.page(path);
        return missing().length === 0;
      });
    } catch (cause) {
      throw new Error(`${missing().join(" and ")} in ${page}`, { cause });
    }
    return page;
  }

  /** Sends a signal and waits for the end; gives the exit code. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    return await this.stop(signal);
  }
}
