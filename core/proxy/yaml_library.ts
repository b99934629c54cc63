/**
 * What is used of the `yaml` package, to be imported when it is needed. A module of our own stands between
 * because the package is CommonJS, of which a bundled `import()` gives the default export alone.
 *
 * The package looks at the variables LOG_STREAM and LOG_TOKENS: a program that reads documents is compiled
 * with leave to see them.
 *
 * @module
 */
export {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parse,
  parseAllDocuments,
  stringify,
} from "yaml";
