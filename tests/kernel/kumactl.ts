/**
 * The compiled kumactl, run in a namespace that has its own passwd, resolv.conf and the like: what lies in
 * /etc/netns/NAME is bound over /etc for programs that `ip netns exec` starts (ip-netns(8)).
 *
 * @module
 */
import { join } from "node:path";
import type { Place } from "./namespace.ts";

/** The program under test: `dist/linux-ARCH/kumactl` of this checkout, or what KUMACTL_BIN names. */
export function kumactlPath(): string {
  const named = Deno.env.get("KUMACTL_BIN");
  if (named !== undefined && named !== "") return named;
  const root = new URL("../..", import.meta.url).pathname;
  return join(
    root,
    "dist",
    `linux-${Deno.build.arch === "aarch64" ? "arm64" : "amd64"}`,
    "kumactl",
  );
}

/** UID of the sidecar in every namespace of these tests. */
export const KUMA_DP_UID = 5678;

/** A passwd with root, an application and kuma-dp. */
export const PASSWD = [
  "root:x:0:0:root:/root:/usr/sbin/nologin",
  "app:x:1000:1000::/nonexistent:/usr/sbin/nologin",
  `kuma-dp:x:${KUMA_DP_UID}:${KUMA_DP_UID}::/nonexistent:/usr/sbin/nologin`,
  "",
].join("\n");

/** Files of /etc as programs in one namespace see them; gone when disposed of. */
export class PrivateEtc implements Disposable {
  readonly #folder: string;

  /** @param files text by name below /etc; passwd has root, app (1000) and kuma-dp unless given. */
  constructor(namespace: string, files: Readonly<Record<string, string>> = {}) {
    this.#folder = `/etc/netns/${namespace}`;
    Deno.mkdirSync(this.#folder, { recursive: true });
    for (const [name, text] of Object.entries({ passwd: PASSWD, ...files })) {
      Deno.writeTextFileSync(`${this.#folder}/${name}`, text);
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Runs kumactl, which must succeed; gives its standard output. Throws an `Error` with its words. */
export function kumactlMust(place: Place, args: readonly string[]): Promise<string> {
  return place.must(kumactlPath(), ...args);
}
