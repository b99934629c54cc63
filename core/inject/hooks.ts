/**
 * The lifecycle hooks that injection gives the sidecar, and what a ContainerPatch makes of them. Kuma 2.9 drops
 * such patches in native mode; here they hold, so that whoever takes a hook away has to know what it was for.
 *
 * @module
 */
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type Json, jsonEqual, type JsonObject } from "core/patch/json.ts";

const MEANING = {
  preStop: "it does not drain when the pod ends",
  postStart: "the application does not wait for it",
} as const;

/** A warning for each hook of ours that the patched container has no more, or another in its place. */
export function replacedHooks(built: JsonObject, patched: JsonObject): string[] {
  return (["preStop", "postStart"] as const).flatMap((name) => {
    const ours = hook(built, name);
    if (ours === undefined || keeps(ours, hook(patched, name))) return [];
    return [
      `a ContainerPatch replaces lifecycle.${name} of ${CONTAINERS.sidecar}: ${MEANING[name]}`,
    ];
  });
}

/** The same command, with further words perhaps. */
function keeps(ours: Json, patched: Json | undefined): boolean {
  const command = commandOf(ours);
  return command.length > 0 &&
    jsonEqual(command, commandOf(patched).slice(0, command.length));
}

function commandOf(hook: Json | undefined): Json[] {
  const exec = isObject(hook) ? hook.exec : undefined;
  const command = isObject(exec) ? exec.command : undefined;
  return Array.isArray(command) ? command : [];
}

function hook({ lifecycle }: JsonObject, name: keyof typeof MEANING): Json | undefined {
  return isObject(lifecycle) ? lifecycle[name] : undefined;
}
