import assert from "node:assert/strict";
import { readInvocation } from "./invocation.ts";

const whole = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "abc",
  CNI_NETNS: "/run/netns/x",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin",
};
const read = (changes: Record<string, string | undefined>) => {
  const env: Record<string, string | undefined> = { ...whole, ...changes };
  return readInvocation((name) => env[name]);
};

Deno.test("readInvocation takes a whole call", () => {
  assert.deepEqual(read({ CNI_ARGS: "A=B", CNI_NETNS_OVERRIDE: "TRUE" }), {
    command: "ADD",
    containerId: "abc",
    netns: "/run/netns/x",
    ifname: "eth0",
    args: "A=B",
    netnsOverride: true,
  });
});

Deno.test("missing variables are all named, in the library's order", () => {
  const none = {
    CNI_CONTAINERID: "",
    CNI_NETNS: "",
    CNI_IFNAME: "",
    CNI_PATH: "",
  };
  const expected = {
    ADD: "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH",
    CHECK: "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH",
    DEL: "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH",
    GC: "CNI_PATH",
    STATUS: "CNI_PATH",
  };
  for (const [command, names] of Object.entries(expected)) {
    assert.throws(
      () => read({ ...none, CNI_COMMAND: command }),
      (error: Error) => error.message.includes(`[${names}]`),
    );
  }
});

Deno.test("DEL needs no namespace, GC and STATUS no container", () => {
  assert.equal(read({ CNI_COMMAND: "DEL", CNI_NETNS: undefined }).netns, "");
  const bare = {
    CNI_CONTAINERID: undefined,
    CNI_NETNS: undefined,
    CNI_IFNAME: undefined,
  };
  assert.equal(read({ ...bare, CNI_COMMAND: "GC" }).command, "GC");
  assert.equal(read({ ...bare, CNI_COMMAND: "STATUS" }).command, "STATUS");
});

for (
  const [name, value] of [
    ["CNI_COMMAND", "add"],
    ["CNI_COMMAND", "constructor"],
    ["CNI_CONTAINERID", "a b"],
    ["CNI_CONTAINERID", "-a"],
    ["CNI_CONTAINERID", "a\n"],
    ["CNI_IFNAME", "sixteen-letters-"],
    ["CNI_IFNAME", "."],
    ["CNI_IFNAME", ".."],
    ["CNI_IFNAME", "a/b"],
    ["CNI_IFNAME", "a:b"],
    ["CNI_IFNAME", "a b"],
  ] as const
) {
  Deno.test(`readInvocation refuses ${name}=${JSON.stringify(value)} and names it`, () => {
    assert.throws(
      () => read({ [name]: value }),
      (error: Error) => error.message.includes(name),
    );
  });
}

Deno.test("a variable that cannot be read as text is named", () => {
  const read = (name: string) => {
    if (name === "CNI_ARGS") throw new TypeError("environment variable was not valid unicode");
    return name === "CNI_COMMAND" ? "ADD" : "x";
  };
  assert.throws(() => readInvocation(read), {
    code: "KUMA-CNI-001",
    message: /CNI_ARGS is not UTF-8/,
  });
});
