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
    assert.equal(result(text), JSON.stringify(prevResult, null, 4));
  }
});

Deno.test("numbers keep their digits", () => {
  const text = '{"cniVersion":"1.0.0","name":"n","prevResult":' +
    '{"cniVersion":"1.0.0","big":9007199254740993,"float":1.0,"exp":1e3,"plain":12}}';
  assert.match(
    result(text),
    /"big": 9007199254740993,\s+"float": 1\.0,\s+"exp": 1e3,\s+"plain": 12/,
  );
});

Deno.test("a prevResult without version, or of another, gets the configuration's", () => {
  for (const prevResult of [{ ips: [] }, { cniVersion: "0.4.0", ips: [] }]) {
    const text = JSON.stringify({ cniVersion: "1.0.0", name: "n", prevResult });
    assert.deepEqual(JSON.parse(result(text)), {
      cniVersion: "1.0.0",
      ips: [],
    });
  }
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
