/**
 * The kubelet's part, faked: what it would have put around a container, from the pod that the API server
 * stored. Program, arguments, environment, token and files are the pod's own.
 *
 * @module
 */
import type { V1Pod, V1Volume } from "@kubernetes/client-node";
import type { KubeObject, TestCluster } from "../kube/apiserver.ts";
import { freePort, run, signalProcess } from "../support/processes.ts";
import { PROGRAM } from "./program.ts";

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const PORT_VARIABLE = "KUMA_RUNTIME_KUBERNETES_ADMISSION_SERVER_PORT";

/** A pod with everything that its container is started with. */
export interface PreparedPod {
  readonly pod: V1Pod;
  readonly args: string[];
  readonly environment: Record<string, string>;
  /** Folders of this machine by where the container has them. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Pods share this machine's address here, so each has a port of its own. */
  readonly port: number;
  readonly folder: string;
}

/** A running one. */
export interface StartedPod {
  /** Its standard error is piped. */
  readonly child: Deno.ChildProcess;
  /** Ends it at once. */
  readonly kill: () => void | Promise<void>;
}

/** Makes the pod's volumes in a folder, with a token of its service account that dies with the pod. */
export async function preparePod(cluster: TestCluster, pod: V1Pod): Promise<PreparedPod> {
  const folder = await Deno.makeTempDir({ prefix: "kubelet-" });
  await Deno.chmod(folder, 0o755);
  const [container] = pod.spec?.containers ?? [];
  const mounts = new Map<string, string>();
  for (const { name, mountPath } of container?.volumeMounts ?? []) {
    const volume = pod.spec?.volumes?.find((one) => one.name === name);
    if (volume === undefined) throw new Error(`The pod has no volume ${name}`);
    const at = `${folder}/${name}`;
    await Deno.mkdir(at);
    for (const [file, text] of await contents(cluster, pod, volume)) {
      await Deno.writeTextFile(`${at}/${file}`, text);
    }
    // As the kubelet does for emptyDir: who the container runs as may write.
    if (volume.emptyDir !== undefined) await Deno.chmod(at, 0o777);
    mounts.set(mountPath, at);
  }
  const given = (container?.env ?? []).map(({ name, value }) => [name, value ?? ""]);
  const port = freePort();
  return {
    pod,
    args: container?.args ?? [],
    environment: { ...Object.fromEntries(given), [PORT_VARIABLE]: String(port) },
    mounts,
    port,
    folder,
  };
}

/** The files of a volume by name. */
async function contents(
  cluster: TestCluster,
  pod: V1Pod,
  volume: V1Volume,
): Promise<[string, string][]> {
  const base = `/api/v1/namespaces/${pod.metadata?.namespace}`;
  if (volume.emptyDir !== undefined) return [];
  if (volume.configMap !== undefined) {
    const path = `${base}/configmaps/${volume.configMap.name}`;
    const { data } = await cluster.request<KubeObject & { data: Record<string, string> }>(
      "GET",
      path,
    );
    return Object.entries(data);
  }
  if (volume.secret !== undefined) {
    const path = `${base}/secrets/${volume.secret.secretName}`;
    const { data } = await cluster.request<KubeObject & { data: Record<string, string> }>(
      "GET",
      path,
    );
    const text = (key: string) => new TextDecoder().decode(Uint8Array.fromBase64(data[key] ?? ""));
    return (volume.secret.items ?? []).map((item) => [item.path, text(item.key)]);
  }
  if (volume.projected !== undefined) {
    const boundTo = {
      kind: "Pod",
      apiVersion: "v1",
      name: pod.metadata?.name ?? "",
      uid: pod.metadata?.uid ?? "",
    } as const;
    const token = await cluster.createServiceAccountToken(
      pod.metadata?.namespace ?? "",
      pod.spec?.serviceAccountName ?? "",
      { boundTo },
    );
    return [["token", token], ["ca.crt", cluster.caPem]];
  }
  throw new Error(`The fake kubelet knows no volume such as ${JSON.stringify(volume)}`);
}

/**
 * Starts the compiled program as a process of this machine. It has no root of its own: the token is found
 * through a kubeconfig, and what arguments say of mounted folders is led to them.
 */
export async function startProcess(
  cluster: TestCluster,
  one: PreparedPod,
): Promise<StartedPod> {
  const kubeconfig = `${one.folder}/kubeconfig`;
  const tokenFile = `${one.mounts.get(ACCOUNT)}/token`;
  const text = cluster.kubeconfig("").replace("token: \n", `tokenFile: ${tokenFile}\n`);
  await Deno.writeTextFile(kubeconfig, text);
  const here = (text: string) =>
    [...one.mounts].reduce((result, [from, to]) => result.replace(from, to), text);
  const environment = Object.entries(one.environment).map(([name, value]) => [name, here(value)]);
  const child = new Deno.Command(PROGRAM, {
    args: one.args.map(here),
    clearEnv: true,
    env: {
      ...Object.fromEntries(environment),
      KUBECONFIG: kubeconfig,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  return { child, kill: () => void signalProcess(child.pid, "SIGKILL") };
}

/**
 * Starts the pod's image with podman, as the user and with the restrictions that the pod names; the cluster
 * is found as in any pod, by the variables that the kubelet sets.
 */
export function startContainer(cluster: TestCluster, one: PreparedPod): StartedPod {
  const [container] = one.pod.spec?.containers ?? [];
  const user = one.pod.spec?.securityContext ?? {};
  const restrictions = container?.securityContext ?? {};
  const name = `test-${one.pod.metadata?.uid}`;
  const environment = {
    ...one.environment,
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(cluster.port),
  };
  const args = [
    ...["run", "--rm", "--name", name, "--pull=never", "--network=host"],
    ...["--runtime=runc", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"],
    `--user=${user.runAsUser}:${user.runAsGroup}`,
    ...restrictions.readOnlyRootFilesystem === true
      ? ["--read-only", "--read-only-tmpfs=false"]
      : [],
    ...restrictions.allowPrivilegeEscalation === false ? ["--security-opt=no-new-privileges"] : [],
    ...(restrictions.capabilities?.drop ?? []).map((name) => `--cap-drop=${name}`),
    ...Object.entries(environment).map(([name, value]) => `--env=${name}=${value}`),
    ...[...one.mounts].map(([inside, at]) => {
      const writable = one.pod.spec?.volumes?.some((volume) =>
        volume.emptyDir !== undefined && at.endsWith(`/${volume.name}`)
      );
      return `--volume=${at}:${inside}${writable ? "" : ":ro"}`;
    }),
    container?.image ?? "",
    ...one.args,
  ];
  const streams = { stdin: "null", stdout: "null", stderr: "piped" } as const;
  const child = new Deno.Command("podman", { args, ...streams }).spawn();
  // The container is no child of podman's: killing that would leave it running.
  const kill = async () =>
    void await run("podman", ["rm", "--force", "--ignore", "--time=0", name]);
  return { child, kill };
}
