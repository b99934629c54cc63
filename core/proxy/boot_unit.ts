/**
 * The systemd unit that runs an installation at each start of the machine, as text.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import type { TransparentProxyConfig } from "./config.ts";
import { defaultOf, ENV_PREFIX, SETTINGS, valueOf } from "./options.ts";
import { serialiseConfig } from "./serialise.ts";

/** The first line of what we write: a file without it is somebody else's. */
const BOOT_MARK =
  "# Written by 'kumactl install transparent-proxy --persist systemd'; 'kumactl uninstall " +
  "transparent-proxy' removes it.";

/** Whether a file is one that we wrote. */
export function isOurBootFile(text: string): boolean {
  return text.startsWith(`${BOOT_MARK}\n`);
}

/**
 * The unit. It stands before the network and behind whatever flushes or writes firewall rules by itself
 * (systemd.special(7), network-pre.target).
 *
 * @param program absolute path of kumactl
 * @param config absolute path of the configuration document
 * @throws {KumaError} `KUMA-TP-240` a path or value that cannot stand in a unit.
 */
export function bootUnit(
  document: TransparentProxyConfig,
  { program, config }: { readonly program: string; readonly config: string },
): string {
  if (!isExecutableName(program)) {
    throw new KumaError("KUMA-TP-240", `systemd starts no program at '${shown(program)}'`, {
      hint: "put kumactl where no quote, backslash or dollar sign is in the path",
    });
  }
  const command = [program, "install", "transparent-proxy", "--config-file", config];
  const environment = environmentOf(document)
    .map(([name, value]) => `Environment=${quoted(`${name}=${value}`, /["\\%]/g)}`);
  return [
    BOOT_MARK,
    "[Unit]",
    "Description=Redirect this host's traffic to Kuma's data plane proxy",
    "Documentation=https://kuma.io/docs/",
    "DefaultDependencies=no",
    `RequiresMountsFor=${quoted(program, /["\\%]/g)}`,
    "After=local-fs.target systemd-modules-load.service systemd-sysctl.service systemd-sysusers.service",
    "After=nftables.service iptables.service ip6tables.service netfilter-persistent.service",
    "After=firewalld.service ufw.service",
    "Wants=network-pre.target",
    "Before=network-pre.target shutdown.target",
    "Conflicts=shutdown.target",
    "",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    ...environment,
    `ExecStart=${command.map((word) => quoted(word, /["\\%]/g)).join(" ")}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}

/**
 * What systemd refuses as the name of a program (`string_is_safe` of its sources), and the dollar sign, which begins a
 * variable in all words of a command but this one.
 */
function isExecutableName(path: string): boolean {
  return !/["'\\$]/.test(path);
}

/** What a unit runs: its program, and all else that decides what that installs. */
export function bootCommand(unit: string): { program: string | undefined; rest: string } {
  const lines = unit.split("\n").filter((line) => /^(?:Exec\w+|Environment\w*)=/.test(line));
  const start = /^ExecStart=(?:"([^"]*)"|([^\s"]+))(?= |$)/;
  const [, quotedName, name] = lines.map((line) => start.exec(line)).find((one) => one) ?? [];
  return {
    program: (quotedName ?? name)?.replaceAll("%%", "%"),
    rest: lines.map((line) => line.replace(start, "ExecStart=")).join("\n"),
  };
}

/** The configuration document that the unit names: the very settings, without that a dry run was asked for. */
export function bootDocument(document: TransparentProxyConfig): string {
  return `${BOOT_MARK}\n${serialiseConfig({ ...document, dryRun: false })}`;
}

/** Settings that no document holds. */
function environmentOf(document: TransparentProxyConfig): [string, string][] {
  return SETTINGS.filter(({ inDocument }) => inDocument === false).flatMap((setting) => {
    const value = valueOf(document, setting);
    const same = JSON.stringify(value) === JSON.stringify(defaultOf(setting));
    if (same || setting.env === undefined) return [];
    const text = typeof value === "object" && value !== null
      ? Object.entries(value).map(([name, path]) => `${name}:${path}`).join(",")
      : String(value);
    return [[ENV_PREFIX + setting.env, text] as [string, string]];
  });
}

/** A word as systemd.syntax(7) and systemd.unit(5) read it: quotes, backslashes, specifiers. */
function quoted(word: string, special: RegExp): string {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(word)) {
    throw new KumaError("KUMA-TP-240", `'${shown(word)}' cannot stand in a unit of systemd`);
  }
  const escaped = word.replace(
    special,
    (one) => one === '"' || one === "\\" ? `\\${one}` : one + one,
  );
  return escaped === word && !/[\s';]/.test(word) ? word : `"${escaped}"`;
}
