/**
 * kuma-cni: the CNI plugin that lets every connection of a meshed pod pass through its sidecar.
 *
 * The container runtime starts it on the node, as root, once for each pod sandbox (CNI specification 0.1.0
 * to 1.1.0). Chained after the cluster's plugin it passes that one's result on unchanged.
 *
 * Known limits: where the kernel carries no NAT in nftables of family inet, rules are written with the node's
 * iptables tools (nft or legacy), which must exist then; a pod is read from the API server at each ADD, so while that is down meshed pods wait and are tried again.
 *
 * Only what every command needs is imported here; DEL, asked for each pod that goes, must cost nothing.
 *
 * @module
 */
import { writeAll } from "core/program/write_all.ts";
import { type Command, type Invocation, readInvocation } from "core/cni/invocation.ts";
import { type NetConf, parseNetConf } from "core/cni/net_conf.ts";
import { isHostNetns } from "./own_netns.ts";
import {
  LATEST_VERSION,
  requireVersion,
  type SpecVersion,
  SUPPORTED_VERSIONS,
} from "core/cni/spec_version.ts";
import { readStdin } from "./stdin.ts";
import { KumaError } from "core/errors.ts";
import { VERSION } from "core/version.ts";

/** What of the outside one call uses. */
const env = (name: string) => Deno.env.get(name);

/** Known once the configuration was read; the error JSON names it. */
let version: SpecVersion = LATEST_VERSION;
let ended = false;

async function main(): Promise<void> {
  const command = env("CNI_COMMAND") ?? "";
  if (command === "") return await about(Deno.args);
  if (command === "VERSION") return end(0, versionJson());
  const invocation = readInvocation(env);
  const text = readStdin((buffer) => Deno.stdin.readSync(buffer));
  const conf = parseNetConf(text);
  version = conf.cniVersion;
  requireVersion(
    invocation.command,
    version,
    LEAST_VERSION[invocation.command],
  );
  if (isHostNetns(invocation)) {
    throw new KumaError(
      "KUMA-CNI-005",
      `CNI_NETNS ${JSON.stringify(invocation.netns)} is the plugin's own network namespace`,
    );
  }
  // DEL: the rules die with the namespace. GC: nothing is kept on the host. Both need nobody's help.
  if (invocation.command === "DEL" || invocation.command === "GC") {
    return end(0, "");
  }
  await logged(invocation, conf, text);
}

const LEAST_VERSION: Readonly<Record<Command, SpecVersion>> = {
  ADD: "0.1.0",
  DEL: "0.1.0",
  CHECK: "0.4.0",
  GC: "1.1.0",
  STATUS: "1.1.0",
};

/** The commands that do something worth a line in the log. */
async function logged(
  invocation: Invocation,
  conf: NetConf,
  text: string,
): Promise<void> {
  const started = performance.now();
  const work = await import("./work.ts");
  const { logger, flush } = work.pluginLog(invocation, conf);
  const duration = () => ({
    duration_ms: Math.round(performance.now() - started),
  });
  try {
    const output = await perform(work, invocation, conf, text, logger);
    // STATUS is asked every few seconds: its good answers would bury everything else.
    if (invocation.command === "STATUS") logger.debug("done", duration());
    // The other way is that the installer answers (its "way" is "daemon").
    else if (invocation.command === "ADD") logger.info("done", { ...duration(), way: "program" });
    else logger.info("done", duration());
    await flush();
    end(0, output);
  } catch (error) {
    const code = error instanceof KumaError ? error.code : "KUMA-CNI-006";
    logger.error("failed", { code, error, ...duration() });
    await flush();
    throw error;
  }
}

async function perform(
  { add, check, status }: typeof import("./work.ts"),
  invocation: Invocation,
  conf: NetConf,
  text: string,
  log: import("core/log/logger.ts").Logger,
): Promise<string> {
  switch (invocation.command) {
    case "ADD":
      return await add(invocation, conf, text, log);
    case "CHECK":
      await check(invocation, conf, log);
      return "";
    case "STATUS":
      status(conf);
      return "";
    default:
      return "";
  }
}

function versionJson(): string {
  return JSON.stringify({
    cniVersion: LATEST_VERSION,
    supportedVersions: SUPPORTED_VERSIONS,
  });
}

/**
 * Without CNI_COMMAND a person started it: two lines on standard error, nothing on standard output; or what the words
 * ask for.
 */
async function about(words: readonly string[]): Promise<never> {
  if (words.length > 0) {
    const [{ runProgram }, { KUMA_CNI }, { systemIo }] = await Promise.all([
      import("core/program/program.ts"),
      import("./program.ts"),
      import("core/program/io.ts"),
    ]);
    Deno.exit(await runProgram(KUMA_CNI, words, systemIo([])));
  }
  const lines = `kuma-cni ${VERSION}: the CNI plugin of Kuma's transparent proxy\n` +
    `CNI protocol versions supported: ${SUPPORTED_VERSIONS.join(", ")}\n`;
  writeAll(Deno.stderr, lines);
  Deno.exit(0);
}

async function fail(thrown: unknown): Promise<never> {
  const { errorJson } = await import("./error_json.ts");
  return end(1, JSON.stringify(errorJson(thrown, version), null, 4));
}

/** Writes the one output of this process and ends it. */
function end(code: number, output: string): never {
  if (!ended) {
    ended = true;
    writeAll(Deno.stdout, output);
  }
  Deno.exit(code);
}

// Whatever nobody foresaw still ends as the specification's error JSON.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error);
});

try {
  await main();
} catch (error) {
  await fail(error);
}
