/**
 * A running test cluster, as a test sees it.
 *
 * @module
 */
import { signalProcess, waitUntil } from "../support/processes.ts";
import { ApiError, Connection, type KubeObject, type RequestOptions } from "./connection.ts";
import { adminKubeconfig, pluginKubeconfig } from "./kubeconfig.ts";
import type { KeyPair } from "./pki.ts";
import { type ClusterPids, command } from "./protocol.ts";
import { files } from "./servers.ts";

/** One rule of a ClusterRole, as in the RBAC API. */
export interface PolicyRule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

/** Who gets a role: a service account as `namespace/name`, a user or a group. */
export type Subject = { serviceAccount: string } | { user: string } | { group: string };

/** What a pod must say; everything else has a default. */
export type PodLike = KubeObject & { metadata: { name: string } };

/** How a token is asked for. */
export interface TokenOptions {
  /** The API server refuses less than 600; default 3600. */
  expirySeconds?: number;
  /** The object with which the token dies, such as the pod it was given to. */
  boundTo?: { kind: "Pod"; apiVersion: "v1"; name: string; uid: string };
}

/** A handle on a cluster. Disposing of it ends the cluster, or only the handle where it is shared. */
export class TestCluster implements AsyncDisposable {
  readonly url: string;
  readonly caPem: string;
  readonly admin: KeyPair;
  readonly #connection: Connection;

  /** `dir` is the cluster's folder; `shared` says that other handles may be in use. */
  constructor(readonly dir: string, readonly port: number, readonly shared: boolean) {
    this.url = `https://127.0.0.1:${port}`;
    this.caPem = Deno.readTextFileSync(files(dir).ca);
    this.admin = {
      key: Deno.readTextFileSync(files(dir).adminKey),
      certificate: Deno.readTextFileSync(files(dir).adminCertificate),
    };
    this.#connection = new Connection(this.url, this.caPem, this.admin);
  }

  /** Path of the CA certificate, PEM. */
  get caFile(): string {
    return files(this.dir).ca;
  }

  /** Sends a request and returns the answer's JSON. Throws {@linkcode ApiError} unless it is 2xx. */
  request<T = KubeObject>(
    method: string,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<T> {
    return this.#connection.request<T>(method, path, body, options);
  }

  /** Sends a request and returns the raw answer, whatever its status; the caller reads its body. */
  fetch(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<Response> {
    return this.#connection.fetch(method, path, body, options);
  }

  /**
   * Creates a namespace, and its `default` service account, which a controller-manager would create:
   * without it the ServiceAccount admission plugin refuses every pod.
   */
  async createNamespace(name: string, labels: Record<string, string> = {}): Promise<KubeObject> {
    const made = await this.request("POST", "/api/v1/namespaces", { metadata: { name, labels } });
    await this.createServiceAccount(name, "default");
    return made;
  }

  /** Creates a service account; an existing one is fine. */
  async createServiceAccount(namespace: string, name: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await this.#unlessThere(this.request("POST", path, { metadata: { name } }));
  }

  /**
   * Creates a pod; without `spec` it has one container `app`. Nothing schedules or runs it. Returns the
   * stored object, with its `metadata.uid`.
   */
  createPod(namespace: string, pod: PodLike): Promise<KubeObject> {
    const spec = { containers: [{ name: "app", image: "app:1" }] };
    const path = `/api/v1/namespaces/${namespace}/pods`;
    return this.request("POST", path, { apiVersion: "v1", kind: "Pod", spec, ...pod });
  }

  /** Removes a pod at once; there is no kubelet to wait for. */
  async deletePod(namespace: string, name: string): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    await this.request("DELETE", path, { gracePeriodSeconds: 0 });
  }

  /** A token of a service account, which is created when missing (TokenRequest API). */
  async createServiceAccountToken(
    namespace: string,
    name: string,
    { expirySeconds = 3600, boundTo }: TokenOptions = {},
  ): Promise<string> {
    await this.createServiceAccount(namespace, name);
    const made = await this.request<{ status: { token: string } }>(
      "POST",
      `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          expirationSeconds: expirySeconds,
          ...(boundTo === undefined ? {} : { boundObjectRef: boundTo }),
        },
      },
    );
    return made.status.token;
  }

  /**
   * Grants rules cluster-wide: a ClusterRole and a ClusterRoleBinding of this name, replaced when they
   * exist. Returns when the API server goes by them, which is when it also refuses what an earlier grant
   * of this name allowed: it authorizes from a cache that follows its store by some milliseconds, and
   * by more on a busy machine. A rule that only this grant has tells the new role from the old.
   * With a namespace it is a Role and a RoleBinding there.
   */
  async grant(
    name: string,
    rules: PolicyRule[],
    subject: Subject,
    namespace?: string,
  ): Promise<void> {
    const group = "/apis/rbac.authorization.k8s.io/v1";
    const rbac = namespace === undefined ? group : `${group}/namespaces/${namespace}`;
    const kind = namespace === undefined ? "ClusterRole" : "Role";
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name } };
    const verb = crypto.randomUUID();
    const marker = { apiGroups: ["tests"], resources: ["grants"], verbs: [verb] };
    await this.apply(`${rbac}/${kind.toLowerCase()}s/${name}`, {
      ...role,
      kind,
      rules: [...rules, marker],
    });
    await this.apply(`${rbac}/${kind.toLowerCase()}bindings/${name}`, {
      ...role,
      kind: `${kind}Binding`,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
      subjects: [rbacSubject(subject)],
    });
    await waitUntil(`the API server goes by ${name}`, () => this.#allows(subject, verb, namespace));
  }

  /** Server-side apply of one object (JSON or YAML text) at its own path. */
  apply(path: string, object: KubeObject | string): Promise<KubeObject> {
    return this.request("PATCH", `${path}?fieldManager=test&force=true`, object, {
      contentType: "application/apply-patch+yaml",
    });
  }

  /**
   * Applies a CustomResourceDefinition and waits until its resources are served, which is some
   * milliseconds after its status says so: the API server serves from a cache of definitions.
   */
  async applyCrd(crd: Definition): Promise<void> {
    const base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const path = `${base}/${crd.metadata.name}`;
    await this.apply(path, crd);
    const { group, names, versions } = crd.spec;
    for (const { name } of versions.filter(({ served }) => served)) {
      await waitUntil(`${crd.metadata.name} ${name} is served`, async () => {
        const answer = await this.fetch("GET", `/apis/${group}/${name}/${names.plural}?limit=1`);
        await answer.body?.cancel();
        return answer.ok;
      });
    }
  }

  /** The kubeconfig that install-cni writes, with this token. */
  kubeconfig(token: string): string {
    return pluginKubeconfig(this, token);
  }

  /** A kubeconfig with everything allowed, for client-node or kubectl. */
  adminKubeconfig(): string {
    return adminKubeconfig(this, this.admin);
  }

  /** The cluster's processes. */
  pids(): Promise<ClusterPids> {
    return command(this.dir, "pids");
  }

  /** Kills the API server; connections are refused until {@linkcode startServer}. */
  async stopServer(): Promise<void> {
    await command(this.dir, "stop-apiserver");
  }

  /** Starts the API server again at the same port over the same data; returns when it is ready. */
  async startServer(): Promise<void> {
    await command(this.dir, "start-apiserver");
  }

  /** Ends the API server and starts it anew; returns when it is ready. */
  async restart(): Promise<void> {
    await this.startServer();
  }

  /** Makes the API server hang: connections are accepted by the kernel, nothing is answered. */
  async pause(): Promise<void> {
    await this.#signal("SIGSTOP");
  }

  /** Ends {@linkcode pause}. */
  async resume(): Promise<void> {
    await this.#signal("SIGCONT");
  }

  /** Ends the cluster, shared or not, and removes its folder. */
  async stop(): Promise<void> {
    this.#connection[Symbol.dispose]();
    await command(this.dir, "stop");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.shared) return await this.stop();
    this.#connection[Symbol.dispose]();
  }

  async #signal(signal: Deno.Signal): Promise<void> {
    const { apiServer } = await this.pids();
    if (apiServer === undefined || !signalProcess(apiServer, signal)) {
      throw new Error(`Cannot send ${signal}: the API server does not run`);
    }
  }

  async #unlessThere(creation: Promise<unknown>): Promise<void> {
    try {
      await creation;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    }
  }

  /** Asks the API server whether the subject may do this to the resource of the group `tests`. */
  async #allows(subject: Subject, verb: string, namespace = ""): Promise<boolean> {
    const resourceAttributes = { group: "tests", resource: "grants", verb, namespace };
    const answer = await this.request<{ status: { allowed: boolean } }>(
      "POST",
      "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { ...reviewSubject(subject), resourceAttributes },
      },
    );
    return answer.status.allowed;
  }
}

/** A CustomResourceDefinition. */
export type Definition = KubeObject & {
  metadata: { name: string };
  spec: {
    group: string;
    names: { plural: string; [field: string]: unknown };
    versions: { name: string; served: boolean; [field: string]: unknown }[];
    [field: string]: unknown;
  };
};

function rbacSubject(subject: Subject): Record<string, string> {
  const apiGroup = "rbac.authorization.k8s.io";
  if ("user" in subject) return { kind: "User", name: subject.user, apiGroup };
  if ("group" in subject) return { kind: "Group", name: subject.group, apiGroup };
  const [namespace, name] = accountOf(subject.serviceAccount);
  return { kind: "ServiceAccount", namespace, name };
}

function reviewSubject(subject: Subject): Record<string, unknown> {
  if ("user" in subject) return { user: subject.user };
  if ("group" in subject) return { groups: [subject.group] };
  return { user: `system:serviceaccount:${accountOf(subject.serviceAccount).join(":")}` };
}

function accountOf(text: string): [namespace: string, name: string] {
  const [namespace, name, more] = text.split("/");
  if (!namespace || !name || more !== undefined) {
    throw new TypeError(`Cannot use the service account "${text}": it must be namespace/name`);
  }
  return [namespace, name];
}
