import assert from "node:assert/strict";
import { parseNetConf } from "./net_conf.ts";
import { addResult } from "./result.ts";

const result = (text: string) => addResult(parseNetConf(text), text);

Deno.test("prevResult is passed on in each version, unknown keys included", () => {
  for (const cniVersion of ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]) {
    const prevResult = {
      cniVersion,
      interfaces: [{
        name: "eth0",
        mtu: 1450,
        sandbox: "/x",
        theirs: { a: [1] },
      }],
      ips: [{ version: "4", address: "10.0.0.2/24", interface: 0 }],
      routes: [],
      dns: { nameservers: ["10.0.0.1"] },
      unknown: null,
    };
    const text = JSON.stringify({ cniVersion, name: "n", prevResult });
    assert.equal(result(text), JSON.stringify(prevResult));
  }
});

Deno.test("prevResult is passed on byte for byte: digits, order, doubled keys, escapes, any depth", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (
    const prevResult of [
      '{ "b": 9007199254740993, "10": 1.0, "2": 1e400, "z": -0,\n"cniVersion": "1.0.0" }',
      '{"cniVersion":"1.0.0","k":1,"k":2,"__proto__":{"x":1},"s":"\\ud800\\u0000/\\/é"}',
      '{"cniVersion":"0.4.0","cniVersion":"1.0.0"}',
      `{"cniVersion":"1.0.0","deep":${deep}}`,
    ]
  ) {
    const before =
      '{"prevResult":{"not":"this"},"name":"n","x":"\\"prevResult\\":{}","cniVersion":"1.0.0"';
    assert.equal(result(`${before}, "prevResult" : ${prevResult} }`), prevResult);
    assert.equal(result(`${before}, "prev\\u0052esult":${prevResult}}`), prevResult);
  }
});

Deno.test("a prevResult without version, or of another, gets the configuration's", () => {
  for (const prevResult of [{ ips: [] }, { cniVersion: "0.4.0", ips: [] }]) {
    const text = JSON.stringify({ cniVersion: "1.0.0", name: "n", prevResult });
    assert.deepEqual(JSON.parse(result(text)), {
      cniVersion: "1.0.0",
      ips: [],
    });
  }
  const bare = '{"cniVersion":"1.0.0","name":"n","prevResult": { } }';
  assert.deepEqual(JSON.parse(result(bare)), { cniVersion: "1.0.0" });
  const odd =
    '{"cniVersion":"1.0.0","name":"n","prevResult":{"cniVersion":null,"big":18446744073709551615}}';
  assert.equal(result(odd), '{"cniVersion":"1.0.0","big":18446744073709551615}');
});

Deno.test("without prevResult there is an empty result, as the version has it", () => {
  const alone = (cniVersion: string) =>
    JSON.parse(result(JSON.stringify({ cniVersion, name: "n" })));
  for (const version of ["0.3.0", "0.3.1", "0.4.0"]) {
    assert.deepEqual(alone(version), { cniVersion: version, dns: {} });
  }
  for (const version of ["1.0.0", "1.1.0"]) {
    assert.deepEqual(alone(version), { cniVersion: version });
  }
  for (const version of ["", "0.1.0", "0.2.0"]) {
    assert.throws(() => alone(version), { code: "KUMA-CNI-003" });
  }
});

Deno.test("a prevResult that is no object is refused", () => {
  for (const prevResult of ["x", [], 1, true]) {
    const text = JSON.stringify({ cniVersion: "1.0.0", name: "n", prevResult });
    assert.throws(() => result(text), { code: "KUMA-CNI-003" });
  }
});
