/**
 * `@peculiar/x509` in its CommonJS form: a bundle of the other form reads tslib's CommonJS exports as if
 * they were a default export, and fails when it starts.
 *
 * @module
 */
import "reflect-metadata";
// @deno-types="@peculiar/x509"
import * as x509 from "@peculiar/x509/build/x509.cjs.js";

export { x509 };
