import { IPTABLES_EXECUTABLES, type IptablesExecutable } from "core/proxy/config.ts";
import { refused, shown } from "./echo.ts";
import { parseText } from "./names.ts";

/** Paths of some of the six executables. */
export type Executables = Partial<Record<IptablesExecutable, string>>;

/**
 * Reads `name:path[,name:path…]`; the empty string is nothing. Paths are cleaned (`//`, `/./`, `/../`).
 *
 * @throws KumaError `KUMA-TP-013` that names all bad items together and the valid names.
 */
export function parseExecutables(text: string): Executables {
  const found: Executables = {};
  const bad: string[] = [];
  for (const item of text.split(",")) {
    if (item.trim() === "") continue;
    const colon = item.indexOf(":");
    const name = IPTABLES_EXECUTABLES.find((known) => known === item.slice(0, colon).trim());
    const path = item.slice(colon + 1).trim();
    if (colon < 0 || name === undefined || path === "") bad.push(`'${shown(item)}'`);
    else found[name] = cleanPath(parseText(path));
  }
  if (bad.length > 0) {
    throw refused(
      "KUMA-TP-013",
      `invalid executable definition: ${
        bad.slice(0, 6).join(", ")
      }; the form is 'name:path', the names ` +
        `are ${IPTABLES_EXECUTABLES.join(", ")}`,
    );
  }
  return found;
}

/** A path without empty, `.` and needless `..` elements, as Go's `filepath.Clean` writes it. */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const climbs = part === "..";
    if (climbs && kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!(climbs && rooted)) kept.push(part);
  }
  const joined = kept.join("/");
  return rooted ? `/${joined}` : joined === "" ? "." : joined;
}
