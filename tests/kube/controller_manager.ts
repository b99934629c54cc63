/**
 * The real kube-controller-manager for a test cluster that has no nodes: revisions of DaemonSets, ReplicaSets, and the
 * end of what is deleted.
 *
 * @module
 */
import { kubeNodeProgram } from "../node/programs.ts";
import { freePort } from "../support/processes.ts";
import type { Kubectl } from "./kubectl.ts";

const CONTROLLERS = [
  "daemonset-controller",
  "deployment-controller",
  "replicaset-controller",
  "garbage-collector-controller",
  "namespace-controller",
];

/** It runs until it is disposed of. */
export class ControllerManager implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /** Starts it as the administrator of kubectl's cluster; the first time it is built, which takes minutes. */
  static async start({ folder }: Kubectl): Promise<ControllerManager> {
    const kubeNode = await kubeNodeProgram();
    const config = `${folder}/kubeconfig`;
    const child = new Deno.Command(kubeNode, {
      args: [
        "kube-controller-manager",
        ...["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map((flag) =>
          `--${flag}=${config}`
        ),
        ...["--leader-elect=false", "--bind-address=127.0.0.1", `--secure-port=${freePort()}`],
        `--controllers=${CONTROLLERS.join()}`,
      ],
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new ControllerManager(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}
