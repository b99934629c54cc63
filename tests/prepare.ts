/**
 * Builds what the tests need and the machine lacks (some minutes, once), so that no test's own time
 * contains a build: `deno run -A tests/prepare.ts`. Tests do the same by themselves where it was not run.
 *
 * @module
 */
import { kubeAssets, kubectlProgram } from "./kube/assets.ts";
import { helmProgram } from "./chart/helm.ts";
import { nodePrograms } from "./node/programs.ts";
import { ensureChainTools } from "./chain/tools.ts";
import { has } from "./support/requires.ts";

await kubeAssets();
if (has("kubectl")) await kubectlProgram();
await ensureChainTools();
if (has("go")) await helmProgram();
if (has("containerd") && has("go")) await nodePrograms();
