/**
 * kumactl within what the webhook lets its two init containers use, with nothing of the program in the page cache:
 * a node that was just started, where all of its pages count as the container's own.
 */
import assert from "node:assert/strict";
import { distDir } from "build/compile.ts";
import { ROOT } from "build/task.ts";
import { hostArch } from "build/pins.ts";
import { initContainer, validationContainer } from "core/inject/init.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { kumactlPath, PrivateEtc } from "../kernel/kumactl.ts";
import { Namespace } from "../kernel/namespace.ts";
import { LimitedGroup, type Limits } from "../support/limited_group.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";

const { settings } = loadSettings(undefined, {});
/** A pod's start may wait so long for one of them; 2 s were measured. */
const LONGEST_MS = 20_000;
/** Less than the pages of the program itself: with such a peak they were not counted. */
const LEAST_BYTES = 50_000_000;

/** The limits that a container names, in the two forms of quantities that the webhook writes. */
function limitsOf(container: Record<string, unknown>): Limits {
  const { limits } = container.resources as { limits: { cpu: string; memory: string } };
  const [, milli = "", mega = ""] = /^(\d+)m (\d+)M$/.exec(`${limits.cpu} ${limits.memory}`) ?? [];
  assert.ok(milli !== "" && mega !== "", JSON.stringify(limits));
  return { milliCpu: Number(milli), memoryBytes: Number(mega) * 1_000_000 };
}

/** A copy of kumactl of which no page is in memory; on the disk of the checkout, since /tmp may have none. */
async function coldCopy(): Promise<Disposable & { path: string }> {
  const path = `${distDir(ROOT, hostArch())}/.kumactl-cold-${crypto.randomUUID()}`;
  await Deno.copyFile(kumactlPath(), path);
  await Deno.chmod(path, 0o755);
  await must("sync", [path]);
  await must("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

async function startsWithin(
  limits: Limits,
  namespace: Namespace,
  before: string[],
  args: string[],
) {
  using program = await coldCopy();
  using group = new LimitedGroup(limits);
  const [first, ...rest] = [...namespace.entry, ...before, program.path, ...args] as const;
  const done = await group.run(first, rest, LONGEST_MS);
  const stopped =
    `stopped, perhaps after ${LONGEST_MS} ms; it met the limit ${group.timesMet} times`;
  assert.equal(done.code, 0, done.stderr || stopped);
  assert.equal(group.timesMet, 0, `it needs more than ${limits.memoryBytes} bytes`);
  assert.ok(group.peakBytes > LEAST_BYTES, `only ${group.peakBytes} bytes: the copy was not cold`);
}

requires("root", "netns", "iptables-nft", "cgroup-limits")(
  "kumactl installs and validates within the limits of kuma-init and kuma-validation",
  async () => {
    await using namespace = await Namespace.create("limits");
    await namespace.must("ip", "address", "add", "::6/128", "dev", "lo", "nodad");
    using _etc = new PrivateEtc(namespace.name);
    const args = ["install", "transparent-proxy", "--redirect-all-dns-traffic", "--verbose"];
    await startsWithin(limitsOf(initContainer(settings, [], undefined)), namespace, [], args);

    const traffic = { ipFamilyMode: "dualstack", inboundPort: 15006 } as const;
    const validation = validationContainer(settings, traffic);
    const { args: said } = validation as { args: string[] };
    const asSidecar = ["setpriv", "--reuid=5678", "--regid=5678", "--clear-groups"];
    await startsWithin(limitsOf(validation), namespace, [...asSidecar, "--bounding-set=-all"], [
      ...["install", "transparent-proxy-validator"],
      ...said.slice(said.indexOf("--ip-family-mode")),
    ]);
  },
);
