/**
 * The main module of a program with a code cache; the build writes the place of what is attached into it.
 *
 * @module
 */
import { type Attachment, runAttached } from "core/program/attached.ts";

await runAttached(JSON.parse("@@ATTACHMENT@@") as Attachment);
