import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";

/**
 * The path of a network namespace as `--netns` names it: a path, or the PID of a process in it.
 *
 * @throws {KumaError} `KUMA-TP-044` for anything else.
 */
export function netnsPath(netns: string): string {
  if (/^[1-9][0-9]{0,9}$/.test(netns)) return `/proc/${netns}/ns/net`;
  if (netns.startsWith("/")) return netns;
  throw new KumaError("KUMA-TP-044", `--netns: '${shown(netns)}' is neither a PID nor a path`, {
    hint: "give the PID of a process in it, or a path such as /run/netns/NAME",
  });
}
