/**
 * One conversation with the plugin in front: greet, be asked, answer, hear what came of it. The protocol is that of
 * `core/cni/quick_add.ts`.
 *
 * @module
 */
import {
  decodeOutcome,
  decodeQuestion,
  encodeAnswer,
  greeting,
  MOST_ASKED,
  OUTCOME_SIZE,
  type QuickAddOutcome,
} from "core/cni/quick_add.ts";
import type { ReadPod } from "core/cni/wishes.ts";
import { errorText } from "core/errors.ts";
import { writeAllTo } from "core/program/write_all.ts";
import { decide, type Decision, forProgram } from "./decide.ts";

/** Bytes that are there for a question before any of it has come. */
const FIRST_ROOM = 32 * 1024;

/** The end of one conversation. */
export type End =
  /** Both kept to the protocol; there is no outcome where the program was to do it. */
  | { readonly decision: Decision; readonly outcome: QuickAddOutcome | undefined }
  /** The other side asked nothing that can be understood, or left before it had asked. */
  | { readonly misunderstood: string };

/** A connection, as far as it is needed. */
export type Connection = Pick<Deno.Conn, "read" | "write">;

/**
 * Leads it. The caller closes the connection, and ends what takes too long by closing it.
 *
 * @throws what the connection throws.
 */
export async function converse(connection: Connection, read: ReadPod): Promise<End> {
  await writeAllTo(connection, greeting());
  const head = await readExactly(connection, 4);
  if (head === undefined) return { misunderstood: "it left without a question" };
  const size = new DataView(head.buffer).getUint32(0, true);
  if (size > MOST_ASKED) return { misunderstood: `a question of ${size} bytes is too long` };
  const body = await readExactly(connection, size);
  if (body === undefined) return { misunderstood: "it left within its question" };
  let question;
  try {
    question = decodeQuestion(body);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { misunderstood: errorText(error) };
  }
  let decision = await decide(question, read);
  let answer = encodeAnswer(decision.answer);
  if (answer === undefined) {
    decision = forProgram("the answer is longer than one may be");
    answer = encodeAnswer(decision.answer);
  }
  await writeAllTo(connection, answer ?? new Uint8Array(0));
  if (decision.reason !== undefined) return { decision, outcome: undefined };
  const outcome = await readExactly(connection, OUTCOME_SIZE);
  return { decision, outcome: outcome === undefined ? undefined : decodeOutcome(outcome) };
}

/** So many bytes; undefined where the other side ends before. What does not come takes hardly any memory. */
async function readExactly(
  connection: Connection,
  size: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let bytes = new Uint8Array(Math.min(size, FIRST_ROOM));
  for (let filled = 0; filled < size;) {
    if (filled === bytes.length) {
      const more = new Uint8Array(Math.min(size, bytes.length * 2));
      more.set(bytes);
      bytes = more;
    }
    const count = await connection.read(bytes.subarray(filled));
    if (count === null) return undefined;
    filled += count;
  }
  return bytes;
}
