import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

/** A server that knows the pod and one token, and a sandbox with a kubeconfig for it. */
async function ready(hostname = "127.0.0.1") {
  let token = "a-token";
  const api = await MisbehavingApi.create((request) => {
    const known = request.headers.get("authorization") === `Bearer ${token}`;
    return Response.json(known ? podObject() : {}, { status: known ? 200 : 401 });
  }, hostname);
  const sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  return {
    api,
    sandbox,
    text: Deno.readTextFileSync(sandbox.kubeconfig),
    expectToken(next: string) {
      token = next;
    },
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** The text with the value of a key replaced, and lines put after it. */
const put = (text: string, key: string, line: string) =>
  text.replace(new RegExp(`^( *)${key}: .*$`, "m"), `$1${line}`);

test("an API server with an IPv6 address, as the installer writes it, is reached", async () => {
  await using node = await ready("::1");
  assert.match(node.text, /server: https:\/\/\[::1\]:\d+\n/);
  const done = await node.sandbox.call("ADD");
  assert.equal(done.code, 0, done.stdout);
  assert.match(await node.sandbox.rules(), /KUMA_MESH_INBOUND/);
});

test("kubeconfigs of every form that YAML has are read", async () => {
  await using node = await ready();
  const { text } = node;
  const ca = /certificate-authority-data: (\S+)/.exec(text)?.[1] ?? "";
  const json = {
    clusters: [{ name: "c", cluster: { server: node.api.url, "certificate-authority-data": ca } }],
    users: [{ name: "u", user: { token: "a-token" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  for (
    const [what, form] of [
      ["CRLF", text.replaceAll("\n", "\r\n")],
      ["a byte order mark", `\uFEFF${text}`],
      ["JSON", JSON.stringify(json)],
      ["comments and quotes", put(text, "token", '"token": "\\x61-token" # why')],
      ["slashes at the end", put(text, "server", `server: ${node.api.url}//`)],
      ["capitals", put(text, "server", `server: ${node.api.url.replace("https", "HTTPS")}`)],
    ] as const
  ) {
    Deno.writeTextFileSync(node.sandbox.kubeconfig, form);
    const done = await node.sandbox.call("ADD");
    assert.equal(done.code, 0, `${what}: ${done.stdout}`);
  }
});

test("what cannot be used is refused at once, by its name", async () => {
  await using node = await ready();
  const { text, sandbox } = node;
  const { url } = node.api;
  for (
    const [what, form, code, says] of [
      ["exec", put(text, "token", "exec: { command: aws }"), 102, /exec cannot be used/],
      [
        "client certificate",
        put(text, "token", "client-certificate: /c"),
        102,
        /client-certificate/,
      ],
      [
        "half of a client certificate beside the token",
        put(text, "token", "token: a-token\n    client-key: /k"),
        102,
        /a client-key but no client-certificate/,
      ],
      ["user name", put(text, "token", "username: me"), 102, /username/],
      [
        "no verification",
        put(text, "certificate-authority-data", "insecure-skip-tls-verify: true"),
        102,
        /insecure-skip-tls-verify/,
      ],
      ["no CA", put(text, "certificate-authority-data", "x: y"), 103, /certificate .*not trusted/],
      ["proxy", put(text, "server", `server: ${url}\n    proxy-url: http://p`), 102, /proxy-url/],
      [
        "name",
        put(text, "server", `server: ${url}\n    tls-server-name: n`),
        102,
        /tls-server-name/,
      ],
      ["password in the URL", put(text, "server", "server: https://a:b@c"), 102, /no http/],
      ["port", put(text, "server", "server: https://127.0.0.1:99999"), 102, /no http/],
      ["line break in the token", put(text, "token", 'token: "a\\nb-secret"'), 102, /characters/],
      ["number", put(text, "token", "token: 12345"), 11, /token is stale/],
      [
        "token file is missing",
        put(text, "token", "tokenFile: no/token"),
        11,
        /no\/token" \(it does not/,
      ],
      ["token file has no end", put(text, "token", "tokenFile: /dev/zero"), 11, /not a plain file/],
      ["an anchor", `a: &a [x]\nb: [*a]\n${text}`, 102, /not valid YAML/],
    ] as const
  ) {
    Deno.writeTextFileSync(sandbox.kubeconfig, form);
    const started = performance.now();
    const error = errorOf(await sandbox.call("ADD"));
    assert.ok(performance.now() - started < 3000, what);
    assert.equal(error.code, code, `${what}: ${error.msg}`);
    assert.match(error.msg, says);
    assert.doesNotMatch(JSON.stringify(error), /b-secret|12345/);
  }
  assert.doesNotMatch(await sandbox.rules(), /KUMA/);
});

test("a token file that is replaced all the time is always read whole", async () => {
  await using node = await ready();
  const { sandbox } = node;
  const file = `${sandbox.dir}/token`;
  const replace = (text: string) => {
    Deno.writeTextFileSync(`${file}.new`, text);
    Deno.renameSync(`${file}.new`, file);
  };
  replace("a-token\n");
  Deno.writeTextFileSync(sandbox.kubeconfig, put(node.text, "token", `tokenFile: ${file}`));
  const timer = setInterval(() => replace("a-token\n"), 1);
  try {
    for (let round = 0; round < 10; round += 1) {
      const done = await sandbox.call("ADD");
      assert.equal(done.code, 0, done.stdout);
    }
  } finally {
    clearInterval(timer);
  }
  // A token that is renewed while the old one is refused: the next try has the new one.
  node.expectToken("renewed");
  const late = setTimeout(() => replace("renewed"), 150);
  const done = await sandbox.call("ADD");
  clearTimeout(late);
  assert.equal(done.code, 0, done.stdout);
});
