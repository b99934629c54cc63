/**
 * The traffic matrix of `tests/kernel`, steered by the BPF programs of the compiled kuma-ebpf-loader: the same rows, the
 * same receivers, the same first destinations.
 */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { serialiseConfig } from "core/proxy/serialise.ts";
import { must } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { type Flow, ROLES } from "tests/kernel/flows.ts";
import { UNTOUCHED } from "tests/kernel/basic_flows.ts";
import { SCENARIOS } from "tests/kernel/scenarios.ts";
import { TrafficLab } from "tests/kernel/traffic_lab.ts";
import { BpfNode } from "./bpf_node.ts";
import { documentOf } from "./configuration.ts";
import { loaderPath } from "./loader_lab.ts";

const test = requires("root", "netns", "iptables-nft", "bpf-build", "cgroup2");

// The libraries that are opened on the way stay open as long as the process.
const OPEN_LIBRARIES = { sanitizeResources: false };

test("BPF: every flow goes where its configuration says", OPEN_LIBRARIES, async (t) => {
  using node = await BpfNode.create();
  await using lab = await TrafficLab.create();
  const servers = Object.values(ROLES.resolver).map((server) => `nameserver ${server}\n`);
  using resolvConf = new TemporaryFile(servers.join(""));
  const netns = `--netns=/run/netns/${lab.host.name}`;
  const loader = (...words: string[]) =>
    must(loaderPath(), [...words, `--bpffs-path=${node.pins.bpffs}`]);
  // Without the programs it is as if nobody had asked for anything.
  const counts = { driven: 0 };
  drive(lab, UNTOUCHED, counts);
  await loader("load", `--cgroup-path=${node.cgroup}`);
  drive(lab, UNTOUCHED, counts);
  for (const { name, args, flows, foreign } of SCENARIOS) {
    await t.step(`${name} (${flows.length} rows)`, async () => {
      for (const family of FAMILIES) {
        if (foreign !== undefined) await lab.host.restore("nft", family, foreign);
      }
      const document = await documentOf(args);
      document.redirect.dns.resolvConfigPath = resolvConf.path;
      await loader("pod", "add", netns, "--config", serialiseConfig(document));
      drive(lab, flows, counts);
      if (foreign !== undefined) await lab.host.must("nft", "flush", "ruleset");
    });
  }
  await t.step("removed, and unloaded", async () => {
    await loader("pod", "remove", netns);
    drive(lab, UNTOUCHED, counts);
    await loader("unload");
    drive(lab, UNTOUCHED, counts);
  });
  assert(counts.driven >= 200, `only ${counts.driven} flows`);
  say(`BPF: ${counts.driven} flows driven, IPv4 and IPv6`);
});

class TemporaryFile implements Disposable {
  readonly path = Deno.makeTempFileSync({ prefix: "kuma-ebpf-" });

  constructor(text: string) {
    Deno.writeTextFileSync(this.path, text);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

function drive(lab: TrafficLab, flows: readonly Flow[], counts: { driven: number }): void {
  const wrong: string[] = [];
  for (const family of FAMILIES) {
    for (const flow of flows.filter(({ only = family }) => only === family)) {
      if (flow.notByBpf !== undefined) {
        if (family === "ipv4") say(`not by BPF: ${flow.what}: ${flow.notByBpf}`);
        continue;
      }
      counts.driven++;
      const failure = lab.send(flow, family);
      if (failure !== undefined) wrong.push(`${family}: ${flow.what}: ${failure}`);
    }
  }
  assert.deepEqual(wrong, []);
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
