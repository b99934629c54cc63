import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { ApiError } from "core/kube/api_error.ts";
import type { Json, JsonObject } from "core/patch/json.ts";
import { ClusterReader } from "./reader.ts";

/** A server of few words: what it answers in turn, and what it was asked. */
function fake(...answers: (Json | Error)[]) {
  const asked: string[] = [];
  const json = (path: string): Promise<Json> => {
    asked.push(path);
    const answer = answers.shift();
    return answer instanceof Error || answer === undefined
      ? Promise.reject(answer ?? new Error("asked too often"))
      : Promise.resolve(answer);
  };
  return { asked, reader: new ClusterReader({ json }) };
}

const refusal = (status: number, message: string) =>
  new ApiError("GET", "/api/v1/pods", { status, text: JSON.stringify({ message }) });
const page = (names: string[], next = ""): Json => ({
  metadata: next === "" ? {} : { continue: next },
  items: names.map((name) => ({ name })),
});
const nameOf = ({ name }: JsonObject) => name === "none" ? undefined : String(name);

Deno.test("a list is read page by page, and only what is wanted is kept", async () => {
  const { reader, asked } = fake(page(["a", "none"], "t/1="), page(["b"]));
  const found = await reader.list("/api/v1/pods", nameOf, {
    pageSize: 2,
    fieldSelector: "spec.nodeName=n",
  });
  assert.deepEqual(found, { is: "found", value: ["a", "b"] });
  assert.deepEqual(asked, [
    "/api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn",
    "/api/v1/pods?limit=2&fieldSelector=spec.nodeName%3Dn&continue=t%2F1%3D",
  ]);
});

Deno.test("a list whose pages have expired is read again from its begin, and not for ever", async () => {
  const gone = refusal(410, "The provided continue parameter is too old");
  const { reader } = fake(page(["a"], "1"), gone, page(["b"]));
  assert.deepEqual(await reader.list("/p", nameOf), { is: "found", value: ["b"] });
  const never = fake(gone, gone, gone, page(["a"]));
  const found = await never.reader.list("/p", nameOf);
  assert.deepEqual([found.is, never.asked.length], ["unreadable", 3]);
});

Deno.test("a list that never ends is given up", async () => {
  const { reader, asked } = fake(...Array.from({ length: 10 }, () => page(["a"], "again")));
  assert.deepEqual(await reader.list("/p", nameOf), {
    ...{ is: "unreadable", why: "the same page comes again and again", forbidden: false },
  });
  assert.equal(asked.length, 2);
});

Deno.test("an object that lacks what is read of it makes the list unreadable, in words", async () => {
  const { reader } = fake(page(["a"]));
  const found = await reader.list("/p", ({ metadata }) => String((metadata as JsonObject).name));
  assert.deepEqual(found, {
    ...{ is: "unreadable", why: "an object of the list lacks what its kind has", forbidden: false },
  });
});

Deno.test("what is not there is no failure, what may not be seen is no absence", async () => {
  const { reader } = fake(
    refusal(404, "not found"),
    refusal(403, 'pods "a" is forbidden'),
    refusal(500, "ill"),
  );
  assert.deepEqual(await reader.get("/a"), { is: "absent" });
  assert.deepEqual(await reader.get("/b"), {
    ...{ is: "unreadable", why: 'pods "a" is forbidden', forbidden: true },
  });
  const ill = await reader.get("/c");
  assert.equal(ill.is === "unreadable" && ill.forbidden, false);
  assert.deepEqual([...reader.unread.keys()], ["/b", "/c"]);
});

Deno.test("an answer that is cut off, or none within the time, is not known", async () => {
  const { reader } = fake(
    new SyntaxError("Unexpected end of JSON input"),
    [],
    new DOMException("late", "TimeoutError"),
  );
  for (const path of ["/a", "/b", "/c"]) assert.equal((await reader.get(path)).is, "unreadable");
  const { reader: lists } = fake("text");
  assert.equal((await lists.list("/a", nameOf)).is, "unreadable");
});

Deno.test("where nobody answers, or who asks is not known, nothing can be found out", async () => {
  const { reader } = fake(
    refusal(401, "Unauthorized"),
    new KumaError("KUMA-HOST-160", "no answer"),
  );
  const codes = ["KUMA-CP-011", "KUMA-HOST-160"];
  for (const code of codes) {
    await assert.rejects(
      reader.get("/a"),
      (thrown) => thrown instanceof KumaError && thrown.code === code,
    );
  }
});
