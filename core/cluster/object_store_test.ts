import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type ObjectEvent, ObjectStore } from "./object_store.ts";
import { runs } from "tests/support/property.ts";

const held = (object: string, version: string, uid = "u") => ({
  object,
  uid,
  resourceVersion: version,
});

Deno.test("an object of another uid is another object", () => {
  const heard: string[] = [];
  const store = new ObjectStore<string>({}, ({ type }) => heard.push(type));
  store.put("a", held("x", "1", "one"));
  store.put("a", held("x", "1", "one"));
  store.put("a", held("y", "2", "two"));
  assert.deepEqual(heard, ["added", "deleted", "added"]);
});

Deno.test("an unknown index is refused by name", () => {
  assert.throws(() => new ObjectStore<string>({}, () => {}).keysBy("nope", "x"), /"nope"/);
});

Deno.test("after any changes, the events told and the index give what is there", () => {
  const change = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    what: fc.constantFrom("put", "delete", "replace"),
    object: fc.constantFrom("x", "y", "xy"),
    uid: fc.constantFrom("1", "2"),
  });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const copy = new Map<string, string>();
      const take = (event: ObjectEvent<string>) => {
        if (event.type === "deleted") {
          assert.equal(copy.get(event.key), event.old);
          copy.delete(event.key);
          return;
        }
        assert.equal(copy.get(event.key), event.type === "added" ? undefined : event.old);
        copy.set(event.key, event.object);
      };
      const store = new ObjectStore<string>({ letter: (object) => [...object] }, take);
      changes.forEach(({ key, what, object, uid }, at) => {
        if (what === "put") store.put(key, held(object, String(at), uid));
        else if (what === "delete") store.delete(key);
        else store.replace(new Map([[key, held(object, String(at), uid)]]));
      });
      assert.deepEqual(
        [...store.entries()].map(([key, one]) => [key, one.object]).sort(),
        [...copy].sort(),
      );
      for (const letter of ["x", "y"]) {
        const expected = [...copy].filter(([, object]) => object.includes(letter)).map(([key]) =>
          key
        );
        assert.deepEqual([...store.keysBy("letter", letter)].sort(), expected.sort());
      }
    }),
    runs(300),
  );
});
