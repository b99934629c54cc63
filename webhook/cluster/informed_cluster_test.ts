import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import type { Settings } from "core/inject/settings/table.ts";
import { loadSettings } from "core/inject/settings/load.ts";
import { KubeClient } from "core/cluster/client.ts";
import { InformedCluster } from "./informed_cluster.ts";

/**
 * In Deno 2.7.11 an abort between the arrival of an answer and its use leaks that answer. Each of these
 * tests ends with an abort that may come then.
 */
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeResources: false });

/** A cluster that reads from a server with these answers for Dataplanes, and an empty rest. */
function play(dataplanes: () => Response, settings: Partial<Settings> = {}) {
  const limits = new Map<string, string | null>();
  const watches = new Map<ReadableStreamDefaultController<Uint8Array>, string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (searchParams.has("watch")) {
      return new Response(
        new ReadableStream({
          start: (controller) => void watches.set(controller, pathname),
        }),
      );
    }
    limits.set(pathname, searchParams.get("limit"));
    return pathname.endsWith("/dataplanes") ? dataplanes() : listOf([]);
  });
  const connection = new KubeClient({
    server: `http://127.0.0.1:${server.addr.port}`,
    caPem: undefined,
    token: "t",
  });
  const inForce = { ...loadSettings(undefined, {}).settings, ...settings };
  const cluster = new InformedCluster(connection, inForce, silentLogger);
  const stop = new AbortController();
  const running = cluster.run(stop.signal);
  return {
    cluster,
    /** How many objects were asked for at once, by path. */
    limits,
    /** Tells of a new Mesh. */
    tell: (name: string) => {
      const object = { metadata: { name, uid: `uid-${name}`, resourceVersion: "2" } };
      const line = `${JSON.stringify({ type: "ADDED", object })}\n`;
      for (const [watch, path] of watches) {
        if (path.endsWith("/meshes")) watch.enqueue(new TextEncoder().encode(line));
      }
    },
    until: async (what: () => boolean) => {
      for (const end = performance.now() + 5000; !what();) {
        assert.ok(performance.now() < end, `in vain: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    watched: () => [...watches.values()].some((path) => path.endsWith("/meshes")),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      connection[Symbol.dispose]();
      // A client that goes before it has an answer does not cancel the stream that it would have got.
      for (const [watch] of watches) close(watch);
      await server.shutdown();
    },
  };
}

function close(stream: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    stream.close();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it was cancelled
  }
}

const listOf = (items: unknown[]) => Response.json({ metadata: { resourceVersion: "1" }, items });
const dataplane = (name: string, mesh?: string) => ({ metadata: { name, namespace: "n" }, mesh });

test("a Mesh is waited for, but not for long", async () => {
  await using it = play(() => listOf([]));
  await it.until(() => it.watched() && it.cluster.waitingFor.length === 0);
  setTimeout(() => it.tell("late"), 100);
  assert.equal(it.cluster.mesh("late"), undefined);
  assert.equal((await it.cluster.meshSoon("late"))?.uid, "uid-late");
  const begun = performance.now();
  assert.equal(await it.cluster.meshSoon("never"), undefined);
  const ms = performance.now() - begun;
  assert.ok(ms > 400, `it did not wait: ${ms} ms`);
});

test("the Dataplanes of a mesh are counted once they were seen", async () => {
  const items = [dataplane("a", "blue"), dataplane("b", "blue"), dataplane("c", "red")];
  await using it = play(() => listOf([...items, dataplane("d")]));
  assert.equal(it.cluster.dataplanesIn("blue"), undefined);
  await it.until(() => it.cluster.waitingFor.length === 0);
  assert.equal(it.cluster.dataplanesIn("blue"), 2);
  assert.equal(it.cluster.dataplanesIn("green"), 0);
});

test("a cluster that has no Dataplanes is complete; one that hides them is not", async () => {
  await using none = play(() => new Response("{}", { status: 404 }));
  await none.until(() => none.cluster.waitingFor.length === 0);
  assert.equal(none.cluster.dataplanesIn("blue"), 0);
  await using hidden = play(() => new Response("{}", { status: 403 }));
  await hidden.until(() => hidden.cluster.waitingFor.length === 1);
  const informer = hidden.cluster.informers.find(({ name }) => name === "dataplanes");
  await hidden.until(() => informer?.restarts.get("status 403") === 1);
  assert.deepEqual(hidden.cluster.waitingFor, ["dataplanes"]);
  assert.equal(hidden.cluster.dataplanesIn("blue"), undefined);
});

test("Dataplanes are not asked for where a Mesh may go at any time", async () => {
  let asked = 0;
  await using it = play(() => (asked++, listOf([])), { unsafeDelete: true });
  await it.until(() => it.cluster.waitingFor.length === 0);
  assert.equal(asked, 0);
});

test("ConfigMaps, which may be large and are of everybody, come in small pages", async () => {
  await using it = play(() => listOf([]), { configMapName: "tp" });
  await it.until(() => it.cluster.waitingFor.length === 0);
  assert.equal(it.limits.get("/api/v1/configmaps"), "50");
  assert.equal(it.limits.get("/api/v1/namespaces"), "500");
});
