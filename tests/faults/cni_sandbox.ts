/**
 * One pod's namespace and one kubeconfig, and the compiled kuma-cni called for it without a chain.
 *
 * @module
 */
import type { FirewallBackend } from "core/proxy/config.ts";
import {
  type Call,
  callPlugin,
  type InstalledPlugin,
  netConf,
  podArgsText,
} from "../cni/plugin.ts";
import { INJECTED } from "../e2e/cni_node.ts";
import { pluginKubeconfig } from "../kube/kubeconfig.ts";
import { type Finished, must } from "../support/processes.ts";

/** The pod that all fault tests ask for. */
export const POD = { namespace: "demo", name: "web", uid: "5f0c2b1e-0000-4000-8000-000000000001" };

/** The API object of that pod, injected. */
export function podObject(annotations: Record<string, string> = {}): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...POD, annotations: { ...INJECTED, ...annotations } },
    spec: { containers: ["app", "kuma-sidecar"].map((name) => ({ name, image: "x:1" })) },
  };
}

/** What the users of a pod with `hostUsers: false` begin at, outside of it. */
export const FIRST_UID = 100_000;

/** A network namespace that a user namespace of its own owns, with the users that a kubelet maps. */
async function addOwnedNamespace(name: string): Promise<void> {
  // Its standard input is held open for as long as it is needed.
  const child = new Deno.Command("unshare", {
    args: ["--user", "--net", "sh", "-c", "echo ready; cat"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  for (const file of ["uid_map", "gid_map"]) {
    Deno.writeTextFileSync(`/proc/${child.pid}/${file}`, `0 ${FIRST_UID} 65536`);
  }
  await must("ip", ["netns", "attach", name, String(child.pid)]);
  await output.cancel();
  await child.stdin.close();
  await child.status;
}

/** How a sandbox is made. */
export interface SandboxOptions {
  readonly hostUsers?: boolean;
  readonly firewallBackend?: FirewallBackend;
}

/** The namespace; it and the files beside it go when it is disposed of. */
export class CniSandbox implements AsyncDisposable {
  readonly kubeconfig: string;

  private constructor(
    readonly plugin: InstalledPlugin,
    readonly name: string,
    readonly dir: string,
    private readonly firewallBackend: FirewallBackend,
  ) {
    this.kubeconfig = `${dir}/kubeconfig`;
  }

  /**
   * Makes a namespace with an address of each family, as a pod has when kuma-cni is called.
   *
   * @param hostUsers false for a pod in a user namespace of its own: its user N is {@linkcode FIRST_UID} + N
   * @param firewallBackend what its node's configuration says; iptables, about which most of these tests are
   */
  static async create(
    plugin: InstalledPlugin,
    { hostUsers = true, firewallBackend = "iptables" }: SandboxOptions = {},
  ): Promise<CniSandbox> {
    const name = `cni-fault-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    if (hostUsers) await must("ip", ["netns", "add", name]);
    else await addOwnedNamespace(name);
    for (
      const args of [
        ["link", "set", "lo", "up"],
        ["link", "add", "eth0", "type", "veth", "peer", "name", "peer0"],
        ["addr", "add", "10.62.0.2/24", "dev", "eth0"],
        ["-6", "addr", "add", "fd62::2/64", "dev", "eth0", "nodad"],
        ["link", "set", "eth0", "up"],
      ]
    ) await must("ip", ["-n", name, ...args]);
    const dir = await Deno.makeTempDir({ prefix: "cni-fault-" });
    return new CniSandbox(plugin, name, dir, firewallBackend);
  }

  /** Writes the kubeconfig for a server. */
  connect(server: { url: string; caPem: string }, token = "a-token"): void {
    Deno.writeTextFileSync(this.kubeconfig, pluginKubeconfig(server, token), { mode: 0o600 });
  }

  /** Calls the plugin for the pod. */
  call(command: string, call: Call = {}): Promise<Finished> {
    const kubernetes = { kubeconfig: this.kubeconfig, exclude_namespaces: ["kube-system"] };
    return callPlugin(this.plugin.path, {
      stdin: netConf({ kubernetes, firewall_backend: this.firewallBackend }),
      ...call,
      command,
      env: {
        CNI_NETNS: `/run/netns/${this.name}`,
        CNI_ARGS: podArgsText(POD.namespace, POD.name, POD.uid),
        ...call.env,
      },
    });
  }

  /**
   * The rules in the namespace, both families, without counters and times; empty where there are none.
   *
   * @param flavour the flavour that is listed; the other one's rules are not in the text
   */
  async rules(flavour: "nft" | "legacy" = "nft"): Promise<string> {
    const texts: string[] = [];
    for (const program of [`iptables-${flavour}-save`, `ip6tables-${flavour}-save`]) {
      texts.push(await must("ip", ["netns", "exec", this.name, program]));
    }
    return texts.join("").replaceAll(/^#.*\n/gm, "").replaceAll(/\[\d+:\d+\]/g, "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must("ip", ["netns", "del", this.name]);
    await Deno.remove(this.dir, { recursive: true });
  }
}
