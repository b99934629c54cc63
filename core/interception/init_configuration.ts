/**
 * What a pod's kuma-init does: its command line read as the program itself reads it.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { normalise } from "core/grammar/arguments.ts";
import { within } from "core/grammar/echo.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { isRecord } from "core/patch/json.ts";
import { type Annotations, TRAFFIC_ANNOTATIONS } from "core/proxy/annotations.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { parseDocument } from "core/proxy/document.ts";
import { SETTINGS } from "core/proxy/options.ts";
import {
  applyFlags,
  type Environment,
  flagNames,
  type FlagValue,
  impliedByCaptureAll,
  mergeSources,
  type Provenance,
  settingOfFlag,
} from "core/proxy/sources.ts";

/** A configuration, where its settings come from, and what a person should know. */
export interface InitConfiguration {
  readonly config: TransparentProxyConfig;
  readonly provenance: Provenance;
  readonly warnings: readonly string[];
}

const WORDS = ["install", "transparent-proxy"];
const WHAT = `container ${CONTAINERS.init}`;

const FLAGS = [
  ...SETTINGS.flatMap((setting) =>
    flagNames(setting).map((name) => ({ name, bool: setting.kind === "bool" }))
  ),
  ...["config", "config-file"].map((name) => ({ name, bool: false })),
];

/**
 * The configuration of a container `kuma-init`, of ours or of Kuma's. Which annotation a flag was written from is said
 * beside it.
 *
 * @param container the container's object
 * @throws {KumaError} `KUMA-TP-030` where it runs something else or reads a file that nobody here sees; the code of the
 *   grammar for what the program would refuse.
 */
export async function initConfiguration(
  container: unknown,
  annotations: Annotations,
): Promise<InitConfiguration> {
  const { command, args, env } = isRecord(container) ? container : {};
  const words = [...texts(command), ...texts(args)];
  const start = words.findIndex((_, at) => WORDS.every((word, next) => words[at + next] === word));
  if (start < 0) {
    throw new KumaError("KUMA-TP-030", `${WHAT} does not run '${WORDS.join(" ")}'`);
  }
  const { flags, document } = flagsOf(words.slice(start + WORDS.length));
  const name = `--config of ${CONTAINERS.init}`;
  const parsed = document === undefined ? undefined : await parseDocument(document, name);
  return within(`${WHAT}: `, () => {
    const merged = mergeSources(parsed && { name, parsed }, literals(env));
    const { config, provenance } = applyFlags(merged, flags);
    return {
      config: impliedByCaptureAll(config),
      provenance: inWords(provenance, annotations),
      warnings: parsed?.warnings ?? [],
    };
  });
}

function flagsOf(words: readonly string[]): { flags: FlagValue[]; document?: string } {
  const flags: FlagValue[] = [];
  let document: string | undefined;
  for (const word of normalise(words, FLAGS)) {
    const [, flag = "", value = ""] = /^--([^=]+)=([^]*)$/.exec(word) ?? [];
    if (flag === "config-file" && value !== "") {
      throw new KumaError("KUMA-TP-030", `${WHAT} reads a file of its own, which is not seen here`);
    }
    if (flag === "config") document = value;
    else if (settingOfFlag(flag) !== undefined) flags.push({ flag, value });
  }
  return document === undefined ? { flags } : { flags, document };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** The variables that stand in the pod themselves; what others are is only known inside. */
function literals(env: unknown): Environment {
  const own = (Array.isArray(env) ? env : []).filter(isRecord);
  return Object.fromEntries(
    own.flatMap(({ name, value }) =>
      typeof name === "string" && typeof value === "string" ? [[name, value]] : []
    ),
  );
}

function inWords(provenance: Provenance, annotations: Annotations): Provenance {
  return new Map(
    [...provenance].map(([key, source]) => {
      const from = TRAFFIC_ANNOTATIONS.filter(({ name, sets }) =>
        sets.includes(key) && Object.hasOwn(annotations, name)
      ).map(({ name }) => `annotation ${name}`);
      const init = source.includes(CONTAINERS.init) ? source : `${source} of ${CONTAINERS.init}`;
      return [key, [init, ...from].join("; ")];
    }),
  );
}
