/**
 * One connection that speaks HTTP/1.1: requests are read one after the other, answered, and the connection
 * is kept.
 *
 * It is not `Deno.serve` that reads them: that offers HTTP/2 (44 ms a request in Deno 2.7.11) and takes its
 * preface from anybody, holds 400 KB of a head, and has no bound for what half-sent requests hold. Nor is it
 * behind a socket of its own any more, which cost a hop and two files for each connection.
 *
 * @module
 */
import { writeAllTo } from "core/program/write_all.ts";
import { CONTINUE, encodeAnswer, type HttpAnswer, refused } from "./http_answer.ts";
import type { Budget } from "./budget.ts";
import { ChunkReader } from "./chunks.ts";
import type { Guest } from "./guests.ts";
import { endOfHead, MAX_HEAD, parseHead, type Refusal, type RequestHead } from "./http_head.ts";

/** A request as handlers see it. */
export interface HttpRequest extends RequestHead {
  /** Address of who asks. */
  readonly peer: string;
  /**
   * Reads the body, once. Refused where it is longer than `limit`, where there is no room for it, or where
   * it is none.
   */
  body(limit: number): Promise<Uint8Array | Refusal>;
  /** Takes so many bytes of the budget until the answer is written; false where there is no room. */
  hold(bytes: number): Promise<boolean>;
}

/** Answers a request. What it throws becomes a 500 and is told to `failed`. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** What connections share. */
export interface HttpService {
  readonly answer: HttpHandler;
  readonly budget: Budget;
  /** No further request is wanted on a connection. */
  readonly ending: () => boolean;
  /** An error of ours. */
  readonly failed: (error: unknown) => void;
}

/** What an idle connection holds, and enough for nearly every request. */
const FIRST_BUFFER = 8 * 1024;
/** A body that has not come whole also fills buffers of the kernel. */
const HALF_SENT = 64 * 1024;
/** What is read of a refused request, for its client to read the refusal and not a reset. */
const LINGER_BYTES = 16 * 1024 * 1024;

const ENDED: Refusal = { status: 400, why: "the body ended early" };

/** Serves a connection until either side ends it. Rejects when it breaks. */
export async function serveConnection(
  connection: Deno.Conn,
  guest: Guest,
  service: HttpService,
): Promise<void> {
  await new HttpConnection(connection, guest, service).run();
}

class HttpConnection {
  readonly #connection: Deno.Conn;
  readonly #guest: Guest;
  readonly #service: HttpService;
  #buffer = new Uint8Array(FIRST_BUFFER);
  #start = 0;
  #end = 0;

  constructor(connection: Deno.Conn, guest: Guest, service: HttpService) {
    this.#connection = connection;
    this.#guest = guest;
    this.#service = service;
    guest.release = () => this.#release();
  }

  async run(): Promise<void> {
    this.#guest.does("silent");
    try {
      while (await this.#one()) {
        this.#release();
        this.#guest.does("idle");
      }
    } finally {
      this.#release();
    }
  }

  /** One request; false after the last one. */
  async #one(): Promise<boolean> {
    const head = await this.#readHead();
    if (head === undefined) return false;
    if ("why" in head) return await this.#last(refused(head));
    let body: "none" | "unread" | "read" = head.length === 0 ? "none" : "unread";
    const request: HttpRequest = {
      ...head,
      peer: this.#guest.peer,
      hold: (bytes) => this.#hold(bytes),
      body: async (limit) => {
        if (body !== "unread") return new Uint8Array();
        const found = await this.#readBody(head, limit).catch(() => ENDED);
        if (found instanceof Uint8Array) body = "read";
        this.#guest.does("answering");
        return found;
      },
    };
    this.#guest.does("answering");
    const answer = await this.#answer(request);
    const close = head.close || body === "unread" || this.#service.ending();
    if (close) return await this.#last(answer, head.method);
    await this.#write(answer, false, head.method);
    return true;
  }

  async #answer(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.#service.answer(request);
    } catch (error) {
      this.#service.failed(error);
      return refused({ status: 500, why: "the server failed, which is an error in it" });
    }
  }

  async #readHead(): Promise<RequestHead | Refusal | undefined> {
    for (let seen = 0;;) {
      const bytes = this.#buffer.subarray(this.#start, this.#end);
      const end = endOfHead(bytes, seen);
      if (end >= 0 && end <= MAX_HEAD) {
        this.#start += end;
        return parseHead(bytes.subarray(0, end));
      }
      seen = bytes.length;
      if (seen >= MAX_HEAD) {
        return { status: 431, why: `the request's head is longer than ${MAX_HEAD} bytes` };
      }
      if (seen > 0) this.#guest.does("head");
      if (!await this.#room()) return { status: 503, why: "too many large requests at once" };
      if (!await this.#fill()) return undefined;
    }
  }

  /** Makes room for more of a head. */
  async #room(): Promise<boolean> {
    if (this.#end < this.#buffer.length) return true;
    const held = this.#buffer.subarray(this.#start, this.#end);
    if (this.#start === 0) {
      if (!await this.#hold(MAX_HEAD)) return false;
      this.#buffer = new Uint8Array(MAX_HEAD);
    }
    this.#buffer.set(held);
    [this.#start, this.#end] = [0, held.length];
    return true;
  }

  /** Reads on; false at the end. */
  async #fill(): Promise<boolean> {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      // What one large request needed is not kept for the next.
      if (this.#buffer.length > FIRST_BUFFER && this.#guest.doing !== "body") {
        this.#buffer = new Uint8Array(FIRST_BUFFER);
      }
    }
    const size = await this.#connection.read(this.#buffer.subarray(this.#end));
    if (size === null) return false;
    this.#end += size;
    return true;
  }

  async #readBody(head: RequestHead, limit: number): Promise<Uint8Array | Refusal> {
    const { length } = head;
    const tooLong = { status: 413, why: `the body is longer than ${limit} bytes` };
    if (length !== "chunked" && length > limit) return tooLong;
    this.#guest.does("body");
    const there = this.#end - this.#start;
    const isWhole = length !== "chunked" && length <= there;
    const cost = isWhole ? length : HALF_SENT + (length === "chunked" ? 0 : length);
    if (!await this.#hold(cost)) return { status: 503, why: "too many large requests at once" };
    // Also where some of it has come: nothing says that the rest does not wait.
    if (head.expectsContinue && !isWhole) await this.#send(CONTINUE);
    return length === "chunked"
      ? await this.#readChunks(limit, tooLong)
      : await this.#readBytes(length);
  }

  async #readBytes(length: number): Promise<Uint8Array | Refusal> {
    const body = new Uint8Array(length);
    let size = Math.min(length, this.#end - this.#start);
    body.set(this.#buffer.subarray(this.#start, this.#start + size));
    this.#start += size;
    while (size < length) {
      const more = await this.#connection.read(body.subarray(size));
      if (more === null) return ENDED;
      size += more;
    }
    return body;
  }

  async #readChunks(limit: number, tooLong: Refusal): Promise<Uint8Array | Refusal> {
    const reader = new ChunkReader();
    let body = new Uint8Array(HALF_SENT);
    let size = 0;
    let pieces: Uint8Array[] = [];
    for (;;) {
      const bytes = this.#buffer.subarray(this.#start, this.#end);
      const used = reader.read(bytes, (data) => pieces.push(data));
      if (used === undefined) return { status: 400, why: "the body is not in chunks as it says" };
      this.#start += used;
      const more = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (size + more > limit) return tooLong;
      if (size + more > body.length) {
        const longer = Math.max(2 * body.length, size + more);
        if (!await this.#hold(longer)) {
          return { status: 503, why: "too many large requests at once" };
        }
        const next = new Uint8Array(longer);
        next.set(body.subarray(0, size));
        body = next;
      }
      for (const piece of pieces) {
        body.set(piece, size);
        size += piece.length;
      }
      pieces = [];
      if (reader.done) return body.subarray(0, size);
      if (!await this.#fill()) return ENDED;
    }
  }

  async #hold(bytes: number): Promise<boolean> {
    if (!this.#service.budget.tryTake(bytes) && !await this.#service.budget.take(bytes)) {
      return false;
    }
    this.#guest.held += bytes;
    return true;
  }

  #release(): void {
    const { held } = this.#guest;
    if (held === 0) return;
    this.#guest.held = 0;
    this.#service.budget.give(held);
  }

  /** Writes the last answer of a connection and lets the client read it: a reset could destroy it. */
  async #last(answer: HttpAnswer, method?: string): Promise<false> {
    await this.#write(answer, true, method);
    this.#release();
    this.#guest.does("leaving");
    await this.#connection.closeWrite();
    for (let left = LINGER_BYTES; left > 0;) {
      const size = await this.#connection.read(this.#buffer);
      if (size === null) break;
      left -= size;
    }
    return false;
  }

  async #write(answer: HttpAnswer, close: boolean, method?: string): Promise<void> {
    this.#guest.does("writing");
    await this.#send(encodeAnswer(answer, close, method === "HEAD"));
  }

  async #send(bytes: Uint8Array): Promise<void> {
    await writeAllTo(this.#connection, bytes);
  }
}
