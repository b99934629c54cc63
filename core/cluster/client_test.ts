import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { delay } from "core/time/clock.ts";
import { endpointFromKubeconfig, KubeClient } from "./client.ts";
import { watchEvents } from "./watch_stream.ts";

const code = (expected: string) => (error: unknown) =>
  error instanceof KumaError && error.code === expected;

function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return { server, url: `http://127.0.0.1:${server.addr.port}` };
}

Deno.test("request sends the token and gives status and text", async () => {
  const { server, url } = serve((request) =>
    new Response(`${request.method} ${request.headers.get("authorization")}`, { status: 404 })
  );
  try {
    using client = new KubeClient({ server: url, caPem: undefined, token: "t" });
    assert.deepEqual(await client.request("GET", "/x"), {
      status: 404,
      text: "GET Bearer t",
      retryAfter: null,
    });
  } finally {
    await server.shutdown();
  }
});

Deno.test("request follows no redirect: the token goes to one place only", async () => {
  const { server, url } = serve(() => Response.redirect("http://127.0.0.1:1/"));
  try {
    using client = new KubeClient({ server: url, caPem: undefined, token: "t" });
    assert.equal((await client.request("GET", "/x")).status, 302);
  } finally {
    await server.shutdown();
  }
});

Deno.test("an answer that never ends is not read for ever, and one in parts is read whole", async () => {
  const part = new TextEncoder().encode("ü".repeat(500_000) + "x");
  const { server, url } = serve((request) => {
    const endless = new URL(request.url).pathname === "/endless";
    let parts = 3;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (endless || parts-- > 0) controller.enqueue(part);
          else controller.close();
        },
      }),
    );
  });
  try {
    using client = new KubeClient({ server: url, caPem: undefined, token: "t" });
    await assert.rejects(client.request("GET", "/endless"), code("KUMA-HOST-162"));
    const { text } = await client.request("GET", "/parts");
    assert.equal(text, `${"ü".repeat(500_000)}x`.repeat(3));
  } finally {
    await server.shutdown();
  }
});

Deno.test("request says that nobody answers", async () => {
  using client = new KubeClient({ server: "http://127.0.0.1:1", caPem: undefined, token: "sec" });
  await assert.rejects(client.request("GET", "/x"), (error) => {
    assert.ok(code("KUMA-HOST-160")(error));
    assert.doesNotMatch(String(error), /sec\b/);
    return true;
  });
});

// In a process of its own: the variable would be there for every test that runs beside this one.
Deno.test("request tells of the proxy that stands between", async () => {
  const text = `import { KubeClient } from "core/cluster/client.ts";
    using client = new KubeClient({ server: "https://127.0.0.1:1", caPem: undefined, token: "t" });
    await client.request("GET", "/x").catch((error) => console.log(error.message));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", text],
    cwd: new URL("../..", import.meta.url).pathname,
    env: { HTTPS_PROXY: "http://127.0.0.1:2" },
  }).output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.match(said, /HTTPS_PROXY is set/);
});

Deno.test("request ends with the signal's reason", async () => {
  const { server, url } = serve(() =>
    new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("late")), 300))
  );
  try {
    using client = new KubeClient({ server: url, caPem: undefined, token: undefined });
    await assert.rejects(
      client.request("GET", "/x", { signal: AbortSignal.timeout(30) }),
      { name: "TimeoutError" },
    );
  } finally {
    await server.shutdown();
  }
});

Deno.test("a CA that is none is refused", () => {
  const make = () =>
    new KubeClient({
      server: "https://127.0.0.1:1",
      caPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      token: undefined,
    });
  assert.throws(make, code("KUMA-HOST-161"));
});

Deno.test("endpointFromKubeconfig reads named files beside it, anew each time", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/config`;
    Deno.writeTextFileSync(`${directory}/token`, "one\n");
    Deno.writeTextFileSync(`${directory}/ca`, "pem");
    Deno.writeTextFileSync(
      path,
      JSON.stringify({
        clusters: [{
          name: "c",
          cluster: { server: "https://a:1", "certificate-authority": "ca" },
        }],
        users: [{ name: "u", user: { tokenFile: "token", token: "old" } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
    );
    const first = {
      server: "https://a:1",
      caPem: "pem",
      token: "one",
      tokenFile: `${directory}/token`,
    };
    assert.deepEqual(await endpointFromKubeconfig(path), first);
    Deno.writeTextFileSync(`${directory}/token`, "two");
    assert.deepEqual(await endpointFromKubeconfig(path), { ...first, token: "two" });
    for (const [text, expected] of [["", "164"], ["a\nb", "165"], ["tökén", "165"]] as const) {
      Deno.writeTextFileSync(`${directory}/token`, text);
      await assert.rejects(endpointFromKubeconfig(path), (error) => {
        assert.ok(code(`KUMA-HOST-${expected}`)(error), String(error));
        assert.ok(String(error).includes(`${directory}/token`));
        return true;
      });
    }
    Deno.removeSync(`${directory}/token`);
    // It would never end.
    Deno.symlinkSync("/dev/zero", `${directory}/token`);
    await assert.rejects(endpointFromKubeconfig(path), /not a plain file/);
    Deno.removeSync(`${directory}/token`);
    await assert.rejects(endpointFromKubeconfig(path), code("KUMA-HOST-164"));
    await assert.rejects(endpointFromKubeconfig(`${directory}/no`), code("KUMA-HOST-164"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a body can be aborted though the garbage collector has taken its answer", async () => {
  let end = () => {};
  const { server, url } = serve(() =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"type":"ADDED","object":{}}\n'));
          end = () => controller.close();
        },
      }),
    )
  );
  using client = new KubeClient({ server: url, caPem: undefined, token: "t" });
  const ending = new AbortController();
  const bodyOf = async () => (await client.fetch("/x", { signal: ending.signal })).body;
  const body = await bodyOf();
  assert.ok(body !== null);
  let events = 0;
  const reading = (async () => {
    for await (const _ of watchEvents(body)) events++;
  })();
  while (events === 0) await delay(5);
  await collectGarbage();
  ending.abort(new Error("enough"));
  const over = reading.then(() => "read to its end", () => "aborted");
  const told = new AbortController();
  const late = delay(10_000, { signal: told.signal }).then(() => "read for ever");
  try {
    assert.equal(await Promise.race([over, late]), "aborted");
  } finally {
    told.abort();
    end();
    await over;
    await server.shutdown();
  }
});

/** Makes rubbish until the collector has taken something that nobody holds. */
async function collectGarbage(): Promise<void> {
  let taken = false;
  const registry = new FinalizationRegistry(() => taken = true);
  (() => registry.register({}, undefined))();
  for (let n = 0; !taken && n < 2000; n++) {
    await delay(1);
    for (let m = 0; m < 100; m++) new Array(10_000).fill({});
  }
  assert.ok(taken, "the collector has run");
}

Deno.test("a write that may not be is not sent, reads are", async () => {
  const methods: string[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ method }) => {
      methods.push(method);
      return Response.json({});
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  let allowed = true;
  const beforeWrite = () => {
    if (!allowed) throw new Error("not now");
  };
  using client = new KubeClient({ server: url, caPem: undefined, token: "t" }, "a", {
    beforeWrite,
  });
  await client.json("/a", { method: "PATCH", body: {} });
  allowed = false;
  await client.json("/a");
  await assert.rejects(client.json("/a", { method: "DELETE" }), /not now/);
  await assert.rejects(client.request("POST", "/a"), /not now/);
  assert.deepEqual(methods, ["PATCH", "GET"]);
});
