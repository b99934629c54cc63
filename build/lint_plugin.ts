/**
 * House rules that a linter can prove, so that nobody has to remember them: which room may import which,
 * that core's pure rooms never touch the outside, that no source file grows past 300 lines, and that no
 * package is imported in a way that a bundle breaks.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { isTest, rule } from "./lint_rule.ts";
import { errorTextRule } from "./lint_texts.ts";

const MEMBERS = ["cni", "installer", "kumactl", "webhook", "controller", "ebpf-loader"];
const LONGEST_FILE = 300;

/** The rooms of core that touch the outside: kernel and disk, the API server, callers, the own process. */
const EDGES = ["core/host/", "core/cluster/", "core/serve/", "core/program/"];

function isEdge(path: string): boolean {
  return EDGES.some((edge) => path.startsWith(edge));
}

/** True for a file of core that must stay without any effect on the outside. */
function isPure(file: string): boolean {
  const forTests = file.endsWith("_test.ts") || /\/testing(\/|\.ts$)/.test(file);
  return file.startsWith("core/") && !isEdge(file) && !forTests;
}

/**
 * The file of this checkout that an import means, as a path from its root; undefined for a package.
 * `file` is the importing file's path from the root.
 */
function importedFile(file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(file), specifier);
  return /^(core|build|tests)\//.test(specifier) ? specifier : undefined;
}

/** Why `file` may not import `specifier`; undefined where it may. Paths are from the checkout's root. */
export function importFault(file: string, specifier: string): string | undefined {
  const target = importedFile(file, specifier);
  const top = file.split("/")[0] ?? "";
  const targetTop = target?.split("/")[0] ?? "";
  if (target === undefined || isTest(file)) return undefined;
  if (isPure(file) && isEdge(target)) {
    return "a pure room of core imports no edge (host, cluster, serve, program): give it the facts as data";
  }
  if (targetTop === top || targetTop === "core") return undefined;
  if (top === "core") return "core imports nobody else";
  if (MEMBERS.includes(top)) return "a member imports only core: move what both need there";
  // What docs are made of is what all programs say of themselves; no program is built by it.
  if (file.startsWith("build/docs/")) return undefined;
  return MEMBERS.includes(targetTop) ? "the build imports no member" : undefined;
}

const direction = rule((context, file) => {
  const look = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined) => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    const message = importFault(file, source.value);
    if (message !== undefined) context.report({ node, message });
  };
  return {
    ImportDeclaration: (node) => look(node, node.source),
    ImportExpression: (node) => look(node, node.source),
    ExportAllDeclaration: (node) => look(node, node.source),
    ExportNamedDeclaration: (node) => look(node, node.source),
  };
});

/** What a pure room may import beside core: libraries that compute. */
const PURE_IMPORTS = ["yaml", "jsonc-parser", "fast-json-patch", "ajv"];

/** The globals that compute. A pure room uses none of the others that this runtime has. */
const COMPUTES = new Set([
  ...["undefined", "NaN", "Infinity", "Object", "Array", "Number", "Boolean", "String", "Symbol"],
  ...["BigInt", "Math", "JSON", "Intl", "Date", "RegExp", "Map", "Set", "WeakMap", "WeakSet"],
  ...["Iterator", "Promise", "Proxy", "Reflect", "WeakRef", "structuredClone", "queueMicrotask"],
  ...["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError"],
  ...["TypeError", "URIError", "SuppressedError", "DOMException", "DisposableStack"],
  ...["AsyncDisposableStack", "AbortController", "AbortSignal", "Event", "EventTarget"],
  ...["ArrayBuffer", "DataView", "Uint8Array", "Int8Array", "Uint16Array", "Int16Array"],
  ...["Uint32Array", "Int32Array", "BigUint64Array", "BigInt64Array", "Uint8ClampedArray"],
  ...["Float16Array", "Float32Array", "Float64Array", "TextDecoder", "TextEncoder", "Buffer"],
  ...["URL", "URLSearchParams", "URLPattern", "parseFloat", "parseInt", "isFinite", "isNaN"],
  ...["decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "atob", "btoa"],
  ...["clearTimeout", "clearInterval"],
]);
/** What browsers name so; code names its own variables so, too, and those are no reach for the outside. */
const ALSO_COMMON_WORDS = ["name", "close", "closed", "location", "File", "Storage", "Cache"];
/** `window` and `require` are no globals of this runtime, but name the outside elsewhere. */
const OUTSIDE = new Set(
  [...Object.getOwnPropertyNames(globalThis), "Deno", "process", "window", "require"]
    .filter((name) => !COMPUTES.has(name) && !ALSO_COMMON_WORDS.includes(name)),
);
/** The room of waiting, of clocks and of back-off is there to have them. */
const TIME = "core/time/";

/** Whether an identifier names a variable, and not the member or key of something. */
function isReference(node: Deno.lint.Identifier): boolean {
  const { parent } = node as { parent: Deno.lint.Node };
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed;
  if (parent.type === "Property") return parent.value === node || parent.shorthand;
  const named = ["MethodDefinition", "PropertyDefinition", "TSPropertySignature"];
  const types = ["TSQualifiedName", "TSMethodSignature", "TSTypeReference", "TSTypeQuery"];
  return !named.includes(parent.type) && !types.includes(parent.type);
}

const pure = rule((context, file) => {
  if (!isPure(file)) return {};
  const message =
    "a pure room of core neither touches the outside nor asks clock or chance: do it at an edge";
  const look = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined) => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    if (importedFile(file, source.value) !== undefined) return;
    if (!PURE_IMPORTS.includes(source.value)) context.report({ node, message });
  };
  return {
    ImportDeclaration: (node) => look(node, node.source),
    ImportExpression: (node) => look(node, node.source),
    ExportAllDeclaration: (node) => look(node, node.source),
    ExportNamedDeclaration: (node) => look(node, node.source),
    Identifier(node) {
      if (!OUTSIDE.has(node.name) || !isReference(node)) return;
      const times = ["setTimeout", "setInterval", "performance"];
      if (file.startsWith(TIME) && times.includes(node.name)) return;
      context.report({ node, message });
    },
    NewExpression(node) {
      if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
      if (node.arguments.length === 0) context.report({ node, message });
    },
    // Without `new` it gives the time of day as a text, whatever it is given.
    CallExpression(node) {
      if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
      context.report({ node, message });
    },
    // Also where it is only handed on, to be called elsewhere.
    MemberExpression(node) {
      const named = context.sourceCode.getText(node).replace(/\["(\w+)"\]$/, ".$1");
      // Back-off is scattered.
      if (file.startsWith(TIME)) return;
      if (named === "Date.now" || named === "Math.random") context.report({ node, message });
    },
    // Inside a bundle it is the bundle's: neither a place to find files by nor whether a module is the main one.
    MetaProperty(node) {
      context.report({ node, message });
    },
  };
});

/** `kuma-cni` loads the client at each pod's start, so the client brings nothing of its room along. */
const clientAlone = rule((context, file) => {
  if (file !== "core/cluster/client.ts") return {};
  const look = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined) => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    if (!(importedFile(file, source.value) ?? "").startsWith("core/cluster/")) return;
    context.report({ node, message: "core/cluster/client.ts imports nothing of core/cluster" });
  };
  return {
    ImportDeclaration: (node) => look(node, node.source),
    ImportExpression: (node) => look(node, node.source),
    ExportAllDeclaration: (node) => look(node, node.source),
    ExportNamedDeclaration: (node) => look(node, node.source),
  };
});

/** Each property test's number of cases and seed come from the one knob. */
const propertyKnob = rule((context, file) => ({
  CallExpression(node) {
    const { callee } = node;
    if (!file.endsWith("_test.ts") || callee.type !== "MemberExpression") return;
    const called = context.sourceCode.getText(callee);
    const bare = node.arguments[1]?.type === "ObjectExpression" &&
      node.arguments[1].properties.every(({ type }) => type === "Property");
    if (called !== "fc.assert" || (node.arguments.length > 1 && !bare)) return;
    const message =
      "fc.assert takes runs(NUMBER) of tests/support/property.ts, which sets the seed";
    context.report({ node, message });
  },
}));

/** What is private is so at run time, too. Only a constructor can be private in no other way. */
const hashPrivate = rule((context, file) => {
  if (isTest(file)) return {};
  const message = "a private member is written #name";
  const look = (node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition) => {
    const isConstructor = node.type === "MethodDefinition" && node.kind === "constructor";
    if (node.accessibility === "private" && !isConstructor) context.report({ node, message });
  };
  return { PropertyDefinition: look, MethodDefinition: look };
});

/** Timers come from `core/time`, where each can be called off; a bare one outlives what it was for. */
const timers = rule((context, file) => {
  if (isTest(file) || file.startsWith(TIME)) return {};
  const message = "a wait or a timer comes from core/time: delay, after, every or deadline";
  return {
    Identifier(node) {
      if (!["setTimeout", "setInterval"].includes(node.name) || !isReference(node)) return;
      context.report({ node, message });
    },
    MemberExpression(node) {
      const { property } = node;
      const name = property.type === "Identifier" ? property.name : "";
      if (["setTimeout", "setInterval"].includes(name)) context.report({ node, message });
    },
    ImportDeclaration(node) {
      if (/^node:timers/.test(node.source.value)) context.report({ node, message });
    },
  };
});

const length = rule((context, file) => ({
  Program() {
    const lines = context.sourceCode.text.trimEnd().split("\n").length;
    if (isTest(file) || lines <= LONGEST_FILE) return;
    context.report({
      range: [0, 1],
      message: `${lines} lines: no source file is over ${LONGEST_FILE}`,
    });
  },
}));

/** Packages here have bare names, or a scope: `yaml`, `@kubernetes/client-node`. */
const lazyPackage = rule((context, file) => ({
  ImportExpression(node) {
    if (isTest(file) || node.source.type !== "Literal") return;
    const specifier = node.source.value;
    if (typeof specifier !== "string" || /^(\.|node:)/.test(specifier)) return;
    if (importedFile(file, specifier) !== undefined) return;
    const message =
      "import() of a package: in a bundle, a CommonJS one comes with its default export alone. Put a " +
      "module of our own between, which exports what is used";
    context.report({ node, message });
  },
}));

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "import-direction": direction,
    "pure-core": pure,
    "client-alone": clientAlone,
    "property-knob": propertyKnob,
    "hash-private": hashPrivate,
    "timers": timers,
    "error-text": errorTextRule,
    "file-length": length,
    "lazy-package": lazyPackage,
  },
};
export default plugin;
