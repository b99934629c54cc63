/** The table in the real kernel: read back as it was written, by us or by nft(8); every tampering is seen. */
import { delay } from "core/time/clock.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { NftSocket } from "core/host/nftables/socket.ts";
import { deleteTable, readTable, writeTable } from "core/host/nftables/table.ts";
import { buildRuleset } from "core/rules/build.ts";
import { buildNftTable } from "core/rules/nft/build.ts";
import { compareNft } from "core/rules/nft/compare.ts";
import type { NftImage } from "core/rules/nft/image.ts";
import type { NftTable } from "core/rules/nft/model.ts";
import { renderNft } from "core/rules/nft/text.ts";
import { anyConfig, anyFacts } from "core/rules/testing/arbitraries.ts";
import {
  exampleConfig,
  exampleDns,
  exampleFacts,
  exampleTraffic,
} from "core/rules/testing/examples.ts";
import { requires } from "tests/support/requires.ts";
import { withinNamespace } from "tests/support/traffic/namespaces.ts";
import { Namespace } from "./namespace.ts";

const test = requires("root", "netns", "iptables-nft");
/** The C library stays open for the life of the process. */
const STAYS_OPEN = { sanitizeResources: false };
const TABLES = 40;

function inside<T>(namespace: Namespace, work: (socket: NftSocket) => T): T {
  return withinNamespace(namespace.name, () => {
    using socket = new NftSocket();
    return work(socket);
  });
}

function randomTables(): NftTable[] {
  const facts = (family: "ipv4" | "ipv6") =>
    anyFacts("clean").filter((one) => one.family === family);
  return fc.sample(fc.tuple(anyConfig("clean"), facts("ipv4"), facts("ipv6")), {
    numRuns: TABLES,
    seed: 7,
  })
    .map(([config, ...both]) => buildNftTable(both.map((one) => buildRuleset(config, one))));
}

function exampleTable(ports: readonly number[] = [22, 2222]): NftTable {
  const config = exampleConfig({
    inbound: exampleTraffic("inbound", { excludePorts: ports }),
    dns: exampleDns({ enabled: true }),
  });
  return buildNftTable([
    buildRuleset(config, exampleFacts("ipv4")),
    buildRuleset(config, exampleFacts("ipv6")),
  ]);
}

test(
  "random tables are read back as they were written, one in place of the other",
  STAYS_OPEN,
  async () => {
    await using namespace = await Namespace.create("nft");
    let present = false;
    for (const table of randomTables()) {
      inside(namespace, (socket) => {
        assert.equal(writeTable(socket, table, present), undefined);
        assert.deepEqual(compareNft(table, readTable(socket)), []);
      });
      present = true;
    }
    inside(namespace, (socket) => {
      // Whoever looked before another process wrote finds the table there after all.
      const [table] = randomTables();
      assert.equal(writeTable(socket, table!, false), undefined);
      assert.deepEqual(compareNft(table!, readTable(socket)), []);
      assert.equal(deleteTable(socket), true);
      assert.equal(deleteTable(socket), false);
      assert.equal(readTable(socket), undefined);
    });
    assert.equal(await namespace.must("nft", "list", "ruleset"), "");
  },
);

test(
  "nft takes the text of a dry run, and makes of it what we send ourselves",
  STAYS_OPEN,
  async () => {
    await using namespace = await Namespace.create("nft-text");
    for (const table of randomTables().slice(0, 15)) {
      const done = await namespace.run("nft", ["-f", "-"], { stdin: renderNft(table) });
      assert.equal(done.code, 0, `${done.stderr}\n${renderNft(table)}`);
      inside(namespace, (socket) => {
        const found = readTable(socket);
        assert.equal(found?.fingerprint, undefined);
        assert.deepEqual(compareNft(table, found), [], renderNft(table));
      });
    }
  },
);

test(
  "what others do to the table is seen, and put right in one transaction",
  STAYS_OPEN,
  async () => {
    await using namespace = await Namespace.create("nft-drift");
    const table = exampleTable();
    inside(namespace, (socket) => writeTable(socket, table, false));
    const nft = (...words: string[]) => namespace.must("nft", ...words);
    const own = ["inet", "kuma-mesh"];
    const tamper: [() => Promise<unknown>, RegExp][] = [
      [
        () => nft("add", "rule", ...own, "KUMA_MESH_INBOUND", "counter"),
        /INBOUND: a rule should not be there: counter/,
      ],
      [
        () => nft("insert", "rule", ...own, "KUMA_MESH_OUTBOUND", "tcp", "dport", "1", "return"),
        /should not be there/,
      ],
      [
        () => nft("flush", "chain", ...own, "KUMA_MESH_OUTBOUND_REDIRECT"),
        /a rule is missing: meta l4proto tcp redirect to :15001/,
      ],
      [
        () => nft("add", "element", ...own, "ports-1", "{ 80 }"),
        /the set ports-1 has other elements/,
      ],
      [() => nft("add", "chain", ...own, "other"), /the chain other should not be there/],
      [
        () => nft("add", "chain", ...own, "base", "{ type filter hook input priority 0; }"),
        /the chain base/,
      ],
      [() => nft("add", "set", ...own, "s", "{ type mark; }"), /the set s should not be there/],
      [() => nft("delete", "table", ...own), /the table inet kuma-mesh is missing/],
    ];
    for (const [change, expected] of tamper) {
      await change();
      inside(namespace, (socket) => {
        const found = readTable(socket);
        assert.match(compareNft(table, found).join("; "), expected);
        assert.equal(writeTable(socket, table, found !== undefined), undefined);
        assert.deepEqual(compareNft(table, readTable(socket)), []);
      });
    }
  },
);

test(
  "a table of many thousand elements, beside ten thousand rules of others",
  STAYS_OPEN,
  async () => {
    await using namespace = await Namespace.create("nft-big");
    const rules = Array.from(
      { length: 10_000 },
      (_, i) =>
        `add rule inet other c ip daddr 10.${i >> 8}.${i & 255}.0/24 tcp dport ${i + 1} counter\n`,
    );
    const others =
      `add table inet other\nadd chain inet other c { type filter hook forward priority 0; }\n${
        rules.join("")
      }`;
    const done = await namespace.run("nft", ["-f", "-"], { stdin: others });
    assert.equal(done.code, 0, done.stderr);
    const before = await namespace.must("nft", "list", "table", "inet", "other");
    // Every other port: 30,000 elements, which are no range.
    const table = exampleTable(Array.from({ length: 30_000 }, (_, i) => 2 * i + 1));
    inside(namespace, (socket) => {
      assert.equal(writeTable(socket, table, false), undefined);
      assert.deepEqual(compareNft(table, readTable(socket)), []);
      const small = exampleTable();
      assert.equal(writeTable(socket, small, true), undefined);
      assert.deepEqual(compareNft(small, readTable(socket)), []);
    });
    assert.equal(await namespace.must("nft", "list", "table", "inet", "other"), before);
  },
);

test(
  "while others keep changing their tables, ours is read whole and replaced",
  STAYS_OPEN,
  async () => {
    await using namespace = await Namespace.create("nft-busy");
    const script =
      "while :; do nft add table inet other; nft add chain inet other c; nft delete table inet other; done";
    const [program, ...words] = namespace.entry;
    const writer = new Deno.Command(program, {
      args: [...words, "sh", "-c", script],
      stdout: "null",
    }).spawn();
    try {
      let image: NftImage | undefined;
      for (let round = 0; round < 60; round++) {
        const table = exampleTable([22, 1000 + round]);
        inside(namespace, (socket) => {
          assert.equal(writeTable(socket, table, image !== undefined), undefined);
          image = readTable(socket);
          assert.deepEqual(compareNft(table, image), []);
        });
        await delay(1);
      }
    } finally {
      writer.kill("SIGKILL");
      await writer.status;
    }
  },
);

test(
  "what the kernel refuses has its words and the rule; nothing has changed then",
  STAYS_OPEN,
  async () => {
    await using namespace = await Namespace.create("nft-refused");
    const table = exampleTable();
    const broken: NftTable = {
      ...table,
      chains: table.chains.map((chain) =>
        chain.name === "KUMA_MESH_INBOUND"
          ? {
            ...chain,
            rules: [...chain.rules, { matches: [], target: { kind: "jump", chain: "nowhere" } }],
          }
          : chain
      ),
    };
    inside(namespace, (socket) => {
      assert.match(
        writeTable(socket, broken, false) ?? "",
        /^rule 3 of chain KUMA_MESH_INBOUND: no such file/,
      );
      assert.equal(readTable(socket), undefined);
      assert.equal(writeTable(socket, table, false), undefined);
      assert.match(writeTable(socket, broken, true) ?? "", /^rule 3 of chain/);
      assert.deepEqual(compareNft(table, readTable(socket)), []);
    });
  },
);
