/**
 * The kubeconfig that the plugin on the host reads.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createExclusive, removeIfThere, syncDirectory } from "core/host/atomic_file.ts";
import { KumaError } from "core/errors.ts";
import { temporaryIn } from "./netdir/journal.ts";
import type { Places } from "./program/places.ts";
import type { Settings } from "./settings/settings.ts";

/** Who the plugin is for the API server. */
export interface Credential {
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

/**
 * The API server's URL; an IPv6 address is put in brackets.
 *
 * @throws {KumaError} `KUMA-INS-012` when kubelet's variables are missing or malformed
 */
export function serverUrl(api: Settings["api"]): string {
  const { protocol, host, port } = api;
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (!/^[A-Za-z0-9.:_%-]+$/.test(bare) || !/^\d{1,5}$/.test(port)) {
    throw new KumaError(
      "KUMA-INS-012",
      `Cannot tell where the API server is: KUBERNETES_SERVICE_HOST="${host}", KUBERNETES_SERVICE_PORT="${port}"`,
    );
  }
  return `${protocol}://${bare.includes(":") ? `[${bare}]` : bare}:${port}`;
}

/** The file's text, key by key as Kuma 2.9 writes it; no newline at its end. */
export function kubeconfigText(server: string, credential: Credential): string {
  return [
    "# Kubeconfig file for the kuma CNI plugin.",
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    "- name: local",
    "  cluster:",
    `    server: ${server}`,
    `    certificate-authority-data: ${Buffer.from(credential.ca, "utf8").toString("base64")}`,
    "users:",
    "- name: kuma-cni",
    "  user:",
    `    token: ${credential.token}`,
    "contexts:",
    "- name: kuma-cni-context",
    "  context:",
    "    cluster: local",
    "    user: kuma-cni",
    "current-context: kuma-cni-context",
  ].join("\n");
}

/** The token in a kubeconfig of ours, if it is for this server and CA; undefined for any other file. */
export function tokenIn(text: string, server: string, ca: string): string | undefined {
  const token = /^ {4}token: (\S+)$/m.exec(text)?.[1];
  return token !== undefined && kubeconfigText(server, { token, ca }) === text ? token : undefined;
}

/** The text of the file that is there, if there is one that can be read. */
export function readKubeconfig(places: Places): string | undefined {
  try {
    return Deno.readTextFileSync(places.kubeconfig);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Makes the file say `text`, mode 0600, also where an older version left it readable for others. It is not
 * written when it already says so: each write wakes the runtime.
 *
 * @returns whether it was written
 * @throws {KumaError} `KUMA-HOST-130`
 */
export function ensureKubeconfig(places: Places, text: string): boolean {
  if (isKubeconfig(places, text)) return false;
  const temporary = temporaryIn(places, "kubeconfig");
  createExclusive(temporary, text, { mode: 0o600 });
  try {
    Deno.renameSync(temporary, places.kubeconfig);
  } finally {
    removeIfThere(temporary);
  }
  syncDirectory(places.netDir);
  return true;
}

/** Whether the file on the disk says `text` and is for root's eyes only. */
export function isKubeconfig(places: Places, text: string): boolean {
  if (readKubeconfig(places) !== text) return false;
  const info = Deno.lstatSync(places.kubeconfig);
  return info.isFile && ((info.mode ?? 0) & 0o777) === 0o600;
}
