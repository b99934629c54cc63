/**
 * The compiled kuma-cni, installed into a bin dir of the tests' own and called as a runtime calls it.
 *
 * @module
 */
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { rewriteInterpreter } from "tests/support/interpreter.ts";
import { type Finished, run } from "../support/processes.ts";

const ARCH = Deno.build.arch === "aarch64" ? "arm64" : "amd64";

/** The folder with the built program, or what KUMA_CNI_DIST names. */
const DIST = Deno.env.get("KUMA_CNI_DIST") ??
  new URL(`../../dist/linux-${ARCH}`, import.meta.url).pathname;

/** A bin dir with kuma-cni and its runtime folder; gone when disposed of. */
export class InstalledPlugin implements Disposable {
  readonly path: string;

  private constructor(readonly binDir: string, readonly root: string) {
    this.path = `${binDir}/kuma-cni`;
  }

  /** Installs it into a new folder. */
  static create(): InstalledPlugin {
    const binDir = Deno.makeTempDirSync({ prefix: "cni-bin-" });
    placePlugin(binDir, binDir);
    return new InstalledPlugin(binDir, binDir);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

/** Copies the program and its runtime folder to `target`, so that it starts as if that were `binDir`. */
export function placePlugin(target: string, binDir: string): void {
  Deno.mkdirSync(`${target}/${RUNTIME_FOLDER}`, { recursive: true });
  for (const { name } of Deno.readDirSync(`${DIST}/${RUNTIME_FOLDER}`)) {
    if (name === "kuma-cni") continue;
    Deno.copyFileSync(`${DIST}/${RUNTIME_FOLDER}/${name}`, `${target}/${RUNTIME_FOLDER}/${name}`);
  }
  const program = `${RUNTIME_FOLDER}/kuma-cni`;
  const bytes = Deno.readFileSync(`${DIST}/${program}`);
  rewriteInterpreter(bytes, binDir);
  Deno.writeFileSync(`${target}/${program}`, bytes, { mode: 0o755 });
  Deno.copyFileSync(`${DIST}/kuma-cni`, `${target}/kuma-cni`);
}

/** The environment of a call; `undefined` takes a default away. */
export type CallEnv = Readonly<Record<string, string | undefined>>;

/** What a call may differ in. */
export interface Call {
  command?: string;
  env?: CallEnv;
  /** Standard input: an object is written as JSON. */
  stdin?: string | object;
  /** Milliseconds after which the plugin is killed. */
  killAfterMs?: number;
  /** Words that start the plugin, in place of its path alone: such as a mount namespace for it. */
  within?: readonly string[];
}

/** The error JSON of the specification. */
export interface ErrorJson {
  cniVersion: string;
  code: number;
  msg: string;
  details?: string;
}

/** Calls the program; a complete ADD of a pod that is none in Kubernetes, unless told otherwise. */
export async function callPlugin(path: string, call: Call = {}): Promise<Finished> {
  const env: Record<string, string | undefined> = {
    CNI_COMMAND: call.command ?? "ADD",
    CNI_CONTAINERID: "a1b2c3",
    CNI_NETNS: "/run/netns/no-such-netns-of-this-test",
    CNI_IFNAME: "eth0",
    CNI_PATH: "/opt/cni/bin",
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    ...call.env,
  };
  const words = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`]
  );
  const stdin = call.stdin ?? netConf();
  const text = typeof stdin === "string" ? stdin : JSON.stringify(stdin);
  const limit = call.killAfterMs === undefined
    ? []
    : ["timeout", "-s", "KILL", (call.killAfterMs / 1000).toFixed(4)];
  return await run("env", ["-i", ...words, ...limit, ...(call.within ?? [path])], { stdin: text });
}

/** A minimal configuration; its log goes nowhere near the machine's own. */
export function netConf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    cniVersion: "1.0.0",
    name: "pods",
    type: "kuma-cni",
    log_level: "off",
    kubernetes: { kubeconfig: "/no/such/kubeconfig", exclude_namespaces: ["kube-system"] },
    ...changes,
  };
}

/** `CNI_ARGS` of a pod as containerd writes them. */
export function podArgsText(namespace: string, name: string, uid?: string): string {
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};` +
    `K8S_POD_INFRA_CONTAINER_ID=a1b2c3${uid === undefined ? "" : `;K8S_POD_UID=${uid}`}`;
}

/** The error JSON of a call that must have failed, with exit code 1 and nothing else on stdout. */
export function errorOf(finished: Finished): ErrorJson {
  if (finished.code !== 1) {
    throw new Error(`exit code 1 expected, ${finished.code} seen: ${JSON.stringify(finished)}`);
  }
  const error = JSON.parse(finished.stdout) as ErrorJson;
  if (typeof error.code !== "number" || typeof error.msg !== "string") {
    throw new Error(`this is no error JSON: ${finished.stdout}`);
  }
  return error;
}
