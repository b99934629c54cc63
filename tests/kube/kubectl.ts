/**
 * kubectl against a test cluster, and shell commands that use it as a person would.
 *
 * @module
 */
import { type Finished, run, type RunOptions } from "../support/processes.ts";
import type { TestCluster } from "./apiserver.ts";
import { kubectlProgram } from "./assets.ts";

/** kubectl as the cluster's administrator, in a folder of its own. */
export class Kubectl implements AsyncDisposable {
  private constructor(readonly program: string, readonly folder: string) {}

  /** Gets or builds kubectl and writes the administrator's kubeconfig. */
  static async of(cluster: TestCluster): Promise<Kubectl> {
    const program = await kubectlProgram();
    const folder = await Deno.makeTempDir({ prefix: "kubectl-" });
    await Deno.mkdir(`${folder}/bin`);
    await Deno.symlink(program, `${folder}/bin/kubectl`);
    await Deno.writeTextFile(`${folder}/kubeconfig`, cluster.adminKubeconfig(), { mode: 0o600 });
    return new Kubectl(program, folder);
  }

  /** Puts another program beside kubectl on the PATH of {@linkcode shell}. */
  async provide(name: string, program: string): Promise<void> {
    await Deno.symlink(program, `${this.folder}/bin/${name}`);
  }

  /** Runs kubectl to its end. */
  run(args: string[], stdin?: string): Promise<Finished> {
    return run(this.program, args, this.#options(stdin));
  }

  /** Runs commands of a documentation as they are; the first that fails ends them. */
  shell(commands: string): Promise<Finished> {
    return run("bash", ["-euo", "pipefail"], this.#options(commands));
  }

  #options(stdin?: string): RunOptions {
    const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
    return {
      cwd: this.folder,
      // HOME: kubectl caches there what it found out about a server.
      env: {
        KUBECONFIG: `${this.folder}/kubeconfig`,
        HOME: this.folder,
        PATH: `${this.folder}/bin:${path}`,
      },
      ...(stdin === undefined ? {} : { stdin }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
