/** A host of the mesh that runs Docker: the real one, with a real container, beside our rules of each backend. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { addDefaultRoute, joinNamespaces } from "tests/support/traffic/namespaces.ts";
import { formatEndpoint } from "tests/support/traffic/endpoint.ts";
import { type FlowSpec, Lab, type Protocol } from "tests/support/traffic/lab.ts";
import { must } from "tests/support/processes.ts";
import { type Container, Docker } from "./docker.ts";
import { ROLES } from "./flows.ts";
import { KUMA_DP_UID, kumactlMust, PrivateEtc } from "./kumactl.ts";
import { Namespace } from "./namespace.ts";
import { APP } from "./basic_flows.ts";

const test = requires("root", "netns", "iptables-nft", "debian", "containerd");
const HOST = ROLES.host.ipv4, REMOTE = ROLES.remote.ipv4, RESOLVER = ROLES.resolver.ipv4;
const PUBLISHED = 8080;
const INSTALL = ["install", "transparent-proxy", "--redirect-dns"];
const VNET = ["--vnet", "docker0:172.17.0.0/16"];

test("Docker and the transparent proxy on one host", async (t) => {
  await using world = await World.create();
  using _etc = new PrivateEtc(world.host.name, { "resolv.conf": `nameserver ${RESOLVER}\n` });
  await using docker = await Docker.start(world.host);
  world.container = await docker.run("web", PUBLISHED);
  world.listenInContainer();
  // What a restart orders anew is not our doing.
  await docker.restart();
  await t.step("Docker alone", () => world.expect({}));
  const before = await world.rules();
  for (const backend of ["iptables", "nftables"]) {
    const install = (...args: string[]) =>
      kumactlMust(world.host, [...INSTALL, "--firewall-backend", backend, ...args]);
    await t.step(
      `${backend}: TCP of containers is taken for inbound, published ports stay Docker's`,
      async () => {
        await install();
        world.expect({ ...OF_HOST, "container to elsewhere": "inbound" });
      },
    );
    await t.step(`${backend}: Docker starts again, containers stay`, async () => {
      await docker.restart();
      // It puts its jump in anew, behind what iptables has now; our nftables chain comes after it as before.
      const published = backend === "iptables" ? "inbound" : "container";
      world.expect({ ...OF_HOST, "container to elsewhere": "inbound", published });
    });
    await t.step(`${backend}: with their network, containers go out by the sidecar`, async () => {
      await install(...VNET);
      // As in Kuma, the jump for inbound is inserted then, ahead of Docker's.
      world.expect({ ...OF_HOST, ...OF_CONTAINERS, published: "inbound" });
    });
    await t.step(`${backend}: uninstalled, Docker has what it had`, async () => {
      await kumactlMust(world.host, ["uninstall", "transparent-proxy"]);
      assert.equal(await world.rules(), before);
      world.expect({});
    });
  }
  await t.step("by default iptables is taken, since Docker's rules are there", async () => {
    const said = await kumactlMust(world.host, [...INSTALL, ...VNET, "-o", "json"]);
    assert.equal(JSON.parse(said).backend, "iptables");
    await kumactlMust(world.host, ["uninstall", "transparent-proxy"]);
  });
});

/** Who gets what where nothing is installed. */
const ALONE = {
  "container to elsewhere": "remote",
  "container to DNS": "dns-server",
  "host to elsewhere": "remote",
  "published": "container",
  "published, from the host": "container",
};
type Call = keyof typeof ALONE;
const OF_HOST = { "host to elsewhere": "outbound" };
const OF_CONTAINERS = { "container to elsewhere": "outbound", "container to DNS": "dns-proxy" };

/** A host, and a machine that has every other address. */
class World implements AsyncDisposable {
  container: Container = { netns: "", address: "" };
  readonly #lab = new Lab();
  #sent = 0;

  private constructor(readonly host: Namespace, readonly outside: Namespace) {}

  static async create(): Promise<World> {
    const world = new World(await Namespace.create("dkhost"), await Namespace.create("dkout"));
    const { host, outside } = world;
    await joinNamespaces(
      { ns: host.name, iface: "eth0", addresses: [`${HOST}/24`] },
      { ns: outside.name, iface: "eth0", addresses: [`${REMOTE}/24`] },
    );
    await must("ip", ["-n", outside.name, "addr", "add", `${RESOLVER}/32`, "dev", "lo"]);
    await addDefaultRoute(host.name, REMOTE);
    const listen = (
      ns: string,
      protocol: Protocol,
      port: number,
      label: string,
      address?: string,
    ) =>
      void world.#lab.listen({
        ...{ ns, protocol, family: "ipv4", port, label },
        uid: label === "remote" || label === "dns-server" ? 0 : KUMA_DP_UID,
        ...(address === undefined ? {} : { address }),
      });
    listen(outside.name, "tcp", 80, "remote");
    listen(outside.name, "udp", 53, "dns-server", RESOLVER);
    listen(host.name, "tcp", 15001, "outbound");
    listen(host.name, "tcp", 15006, "inbound");
    listen(host.name, "udp", 15053, "dns-proxy");
    return world;
  }

  listenInContainer(): void {
    const { netns: ns } = this.container;
    this.#lab.listen({ ns, protocol: "tcp", family: "ipv4", port: 80, label: "container" });
  }

  /** All rules there are, without counters and what changes by itself. */
  async rules(): Promise<string> {
    return await this.host.save("nft", "ipv4") + await this.host.must("nft", "list", "tables");
  }

  /** Sends each call, and compares who got it; `other` says what is not as without us. */
  expect(other: Partial<Record<Call, string>>): void {
    const flows: Record<Call, Omit<FlowSpec, "uid"> & { uid?: number }> = {
      "container to elsewhere": this.#to(this.container.netns, "tcp", REMOTE, 80),
      "container to DNS": { ...this.#to(this.container.netns, "udp", RESOLVER, 53), oneWay: true },
      "host to elsewhere": { ...this.#to(this.host.name, "tcp", REMOTE, 80), uid: APP },
      "published": this.#to(this.outside.name, "tcp", HOST, PUBLISHED),
      "published, from the host": { ...this.#to(this.host.name, "tcp", HOST, PUBLISHED), uid: APP },
    };
    const found = Object.fromEntries(
      Object.entries(flows).map(([call, flow]) => {
        const { listener, outcome, original } = this.#lab.send({ uid: 0, ...flow });
        if (listener === "outbound" || listener === "inbound") {
          assert.equal(original && formatEndpoint(original), formatEndpoint(flow.to), call);
        }
        return [call, listener ?? outcome];
      }),
    );
    assert.deepEqual(found, { ...ALONE, ...other });
  }

  #to(ns: string, protocol: Protocol, address: string, port: number) {
    return { ns, protocol, to: { address, port }, sourcePort: 20_000 + this.#sent++ % 40_000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lab.close();
    await this.host[Symbol.asyncDispose]();
    await this.outside[Symbol.asyncDispose]();
  }
}
