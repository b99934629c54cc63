/**
 * The environment of one call (CNI specification 1.1.0, "Parameters"), checked as strictly as the field's
 * Go library does.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** What the runtime asks for. */
export type Command = "ADD" | "CHECK" | "DEL" | "GC" | "STATUS";

/** One call; what a command does not need is empty. */
export interface Invocation {
  readonly command: Command;
  readonly containerId: string;
  /** Path of the pod's network namespace; may be empty for DEL. */
  readonly netns: string;
  readonly ifname: string;
  /** `CNI_ARGS`, unparsed. */
  readonly args: string;
  /** `CNI_NETNS_OVERRIDE`: the namespace may be our own. */
  readonly netnsOverride: boolean;
}

type Variable = "CNI_CONTAINERID" | "CNI_NETNS" | "CNI_IFNAME" | "CNI_PATH";

const REQUIRED: Readonly<Record<Command, readonly Variable[]>> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"],
  GC: ["CNI_PATH"],
  STATUS: ["CNI_PATH"],
};

/**
 * Reads the call from the environment.
 *
 * @throws {KumaError} `KUMA-CNI-001` naming the variables.
 */
export function readInvocation(
  read: (name: string) => string | undefined,
): Invocation {
  const get = (name: string): string | undefined => {
    try {
      return read(name);
    } catch {
      throw bad(`${name} is not UTF-8 text`);
    }
  };
  const command = get("CNI_COMMAND") ?? "";
  if (!isCommand(command)) {
    throw bad(`unknown CNI_COMMAND: ${JSON.stringify(command.slice(0, 40))}`);
  }
  const missing = REQUIRED[command].filter((name) => (get(name) ?? "") === "");
  if (missing.length > 0) {
    throw bad(
      `required env variables [${missing.join(",")}] missing for ${command}`,
    );
  }
  return {
    command,
    containerId: REQUIRED[command].includes("CNI_CONTAINERID") ? containerId(get) : "",
    netns: get("CNI_NETNS") ?? "",
    ifname: REQUIRED[command].includes("CNI_IFNAME") ? interfaceName(get) : "",
    args: get("CNI_ARGS") ?? "",
    netnsOverride: ["1", "true"].includes(
      (get("CNI_NETNS_OVERRIDE") ?? "").toLowerCase(),
    ),
  };
}

/** What each line of a call's log names: the command, the pod and the container. */
export function callFields({ command, args, containerId }: Invocation): Record<string, string> {
  return { command, pod: podName(args), containerID: containerId };
}

/** `namespace/name` as far as the arguments say; nothing is checked here. */
function podName(args: string): string {
  const value = (key: string) => new RegExp(`(?:^|;)${key}=([^;]*)`).exec(args)?.[1] ?? "";
  return `${value("K8S_POD_NAMESPACE")}/${value("K8S_POD_NAME")}`;
}

function isCommand(text: string): text is Command {
  return Object.hasOwn(REQUIRED, text);
}

function containerId(get: (name: string) => string | undefined): string {
  const id = get("CNI_CONTAINERID") ?? "";
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(id)) return id;
  throw bad("invalid characters in CNI_CONTAINERID");
}

function interfaceName(get: (name: string) => string | undefined): string {
  const name = get("CNI_IFNAME") ?? "";
  if (name.length > 15) throw bad("CNI_IFNAME is longer than 15 characters");
  if (name === "." || name === "..") throw bad('CNI_IFNAME is "." or ".."');
  if (/[/:\s]/.test(name)) throw bad('CNI_IFNAME contains "/", ":" or a blank');
  return name;
}

function bad(message: string): KumaError {
  return new KumaError("KUMA-CNI-001", message);
}
