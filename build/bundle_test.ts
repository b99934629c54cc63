import assert from "node:assert/strict";
import { withNodeDefault, withoutCachePath } from "./bundle.ts";

Deno.test("paths of npm's cache become names of packages", () => {
  const cache = "../../home/me/.cache/deno/npm/";
  const text =
    `"${cache}registry.example/yaml/2.9.0/a.js"(x) {} // ${cache}registry.example/b/1/c.js`;
  const bare = `"npm:yaml/2.9.0/a.js"(x) {} // npm:b/1/c.js`;
  assert.equal(withoutCachePath(text, cache), bare);
  assert.equal(withoutCachePath("core/errors.ts", cache), "core/errors.ts");
});

Deno.test("tslib's default import is the whole module", () => {
  assert.equal(
    withNodeDefault("x = __toESM(require_tslib2());"),
    "x = __toESM(require_tslib2(), 1);",
  );
  assert.equal(withNodeDefault("x = __toESM(require_other());"), "x = __toESM(require_other());");
});
