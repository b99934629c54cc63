/** The image of kumactl, run as the two init containers that the webhook writes. */
import assert from "node:assert/strict";
import type { V1Container } from "@kubernetes/client-node";
import { initContainer, validationContainer } from "core/inject/init.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { kumactlMust, PrivateEtc } from "../kernel/kumactl.ts";
import { type Flavour, FLAVOURS, Namespace } from "../kernel/namespace.ts";
import type { Finished } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { runContainer, TestImage } from "./image.ts";

const { settings } = loadSettings(undefined, {});
/** What a pod with the defaults gets. */
const ARGS = ["--exclude-inbound-ports=9001", "--redirect-all-dns-traffic", "--verbose"];
const INIT = initContainer(settings, ARGS, undefined) as unknown as V1Container;
const validation = (ipFamilyMode: "dualstack" | "ipv4") =>
  validationContainer(settings, { ipFamilyMode, inboundPort: 15006 }) as unknown as V1Container;

/** A pod's network: both families, and legacy iptables in use where that is asked for. */
async function podNetwork(purpose: string, flavour: Flavour = "nft"): Promise<Namespace> {
  const network = await Namespace.create(purpose);
  await network.must("ip", "address", "add", "::6/128", "dev", "lo", "nodad");
  if (flavour === "legacy") {
    const rule = ["-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.1", "-j", "RETURN"];
    await network.must("iptables-legacy", ...rule);
  }
  return network;
}

/** Runs the container in the network with a /tmp of its own; gives what lies there afterwards, too. */
async function inPod(
  image: TestImage,
  container: V1Container,
  network: Namespace,
): Promise<Finished & { tmp: string[] }> {
  const tmp = await Deno.makeTempDir({ prefix: "kuma-init-" });
  try {
    // As the kubelet does for emptyDir: who the container runs as may write.
    await Deno.chmod(tmp, 0o777);
    const around = { network: `ns:/var/run/netns/${network.name}`, volumes: { "/tmp": tmp } };
    const done = await runContainer(image, container, around);
    return { ...done, tmp: [...Deno.readDirSync(tmp)].map(({ name }) => name) };
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
}

/** All rules of a network, of both flavours and families. */
async function rules(network: Namespace): Promise<string[]> {
  const all: string[] = [];
  for (const flavour of FLAVOURS) {
    for (const family of ["ipv4", "ipv6"] as const) {
      all.push((await network.save(flavour, family)).replace(/\[\d+:\d+\]/g, ""));
    }
  }
  return all;
}

requires("root", "netns", "podman", "debian", "iptables-nft", "iptables-legacy")(
  "kuma-init's image sets up what kumactl sets up, and validates it",
  async (t) => {
    await using image = await TestImage.make("kumactl");
    await using bare = await podNetwork("bare");
    // Its tries take 10 s, which the steps use.
    const without = inPod(image, validation("ipv4"), bare);

    await t.step("it is made twice alike, and holds the licences of what is Debian's", async () => {
      assert.equal(await image.again(), image.made.id);
      const files = await image.files();
      for (const name of ["iptables", "libxtables12", "libc6"]) {
        assert.ok(files.includes(`f /usr/share/doc/${name}/copyright 644 0`), files.join("\n"));
      }
      const usual = /^(l .* 777|f .* (755|644)|d .* 755) 0$/;
      assert.deepEqual(files.filter((line) => !usual.test(line)), ["d /tmp 1777 0"]);
    });

    for (const flavour of FLAVOURS) {
      await t.step(
        `${flavour}: the same rules as the bare program's, and the validator`,
        async () => {
          await using pod = await podNetwork("image", flavour);
          const first = await inPod(image, INIT, pod);
          assert.equal(first.code, 0, first.stderr);
          assert.deepEqual(first.tmp, flavour === "legacy" ? ["xtables.lock"] : []);

          await using host = await podNetwork("program", flavour);
          using _etc = new PrivateEtc(host.name);
          await kumactlMust(host, ["install", "transparent-proxy", ...ARGS]);
          const installed = await rules(pod);
          assert.deepEqual(installed, await rules(host));
          assert.match(installed[flavour === "nft" ? 0 : 2] ?? "", /KUMA_MESH_INBOUND/);

          const again = await inPod(image, INIT, pod);
          assert.equal(again.code, 0, again.stderr);
          assert.deepEqual(await rules(pod), installed);

          const validated = await inPod(image, validation("dualstack"), pod);
          assert.equal(validated.code, 0, validated.stderr);
          assert.match(validated.stdout, /ip6tables\] validation passed/);
        },
      );
    }

    await t.step("where nothing is redirected, the validator fails and says so", async () => {
      const { code, stderr } = await without;
      assert.equal(code, 1);
      assert.match(stderr, /IPv4 connections to 127\.0\.0\.6 do not arrive at port 15006/);
    });
  },
);
