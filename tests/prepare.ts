/**
 * Builds the Go programs that suites use and the machine lacks (some minutes, once): `deno run -A tests/prepare.ts
 * [suite…]`, for all suites where none is named. Tests do the same by themselves where it was not run; `deno task test` runs it
 * beside everything else, so that whoever needs little begins while the rest is still being built.
 *
 * @module
 */
import { libcniProgram } from "./chain/tools.ts";
import { helmProgram } from "./chart/helm.ts";
import { kubeAssets, kubectlProgram } from "./kube/assets.ts";
import { kubeNodeProgram, standinProgram } from "./node/programs.ts";
import { signalProcess } from "./support/processes.ts";
import { has } from "./support/requires.ts";

/** A build, and the suites that use what it makes; one that is missing here waits when its test does. */
export interface Preparation {
  readonly make: () => Promise<unknown>;
  readonly suites: readonly string[];
  /** Whether its tests run as root alone. */
  readonly asRoot?: true;
}

/** In the order in which the suites begin; the longest build comes when others have something to do. */
export const PREPARATIONS: readonly Preparation[] = [
  { make: standinProgram, suites: ["node"], asRoot: true },
  { make: libcniProgram, suites: ["chain", "e2e", "soak"], asRoot: true },
  {
    make: kubeAssets,
    suites: [
      ...["chain", "chart", "cluster", "controller", "e2e", "faults", "images", "installer"],
      ...["kube", "node", "soak", "webhook"],
    ],
  },
  {
    make: kubectlProgram,
    suites: ["chart", "cluster", "controller", "e2e", "images", "kube", "node", "webhook"],
  },
  { make: helmProgram, suites: ["chart", "cluster"] },
  { make: kubeNodeProgram, suites: ["cluster", "kube", "node"], asRoot: true },
];

/** What has to be built for these suites, or for all where none is named. */
export function preparationsFor(suites: readonly string[], root: boolean): Preparation[] {
  return PREPARATIONS.filter((one) =>
    (root || one.asRoot !== true) &&
    (suites.length === 0 || one.suites.some((suite) => suites.includes(suite)))
  );
}

/** Ends the compiler of this process, when that is told to end: what was begun is then taken away by who began it. */
function endCompiler(): void {
  for (const { name: thread } of Deno.readDirSync("/proc/self/task")) {
    const children = Deno.readTextFileSync(`/proc/self/task/${thread}/children`);
    for (const pid of children.split(" ").map(Number)) if (pid > 0) signalProcess(pid, "SIGTERM");
  }
}

async function main(): Promise<void> {
  let told = false;
  Deno.addSignalListener("SIGTERM", () => {
    told = true;
    endCompiler();
  });
  for (const { make } of preparationsFor(Deno.args, has("root"))) {
    if (told) return;
    // Whoever uses it tries once more, and says then what is wrong.
    await make().catch((error) => {
      if (!told) Deno.stderr.writeSync(new TextEncoder().encode(`${error}\n`));
    });
  }
}

if (import.meta.main && has("go")) {
  await main();
  Deno.exit();
}
