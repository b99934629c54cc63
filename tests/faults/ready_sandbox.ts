/**
 * A pod's sandbox, and an API server that knows the pod.
 *
 * @module
 */
import type { InstalledPlugin } from "../cni/plugin.ts";
import { CniSandbox, podObject, type SandboxOptions } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

/** Both; disposing of it ends both. */
export interface ReadySandbox extends AsyncDisposable {
  readonly sandbox: CniSandbox;
}

/**
 * Makes both.
 *
 * @param annotations the pod's
 */
export async function readySandbox(
  plugin: InstalledPlugin,
  annotations: Record<string, string> = {},
  options: SandboxOptions = {},
): Promise<ReadySandbox> {
  const api = await MisbehavingApi.create(() => Response.json(podObject(annotations)));
  const sandbox = await CniSandbox.create(plugin, options);
  sandbox.connect(api);
  return {
    sandbox,
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}
