/**
 * One kept HTTP/1.1 connection over TLS, as small as a load generator needs it: `fetch` chooses its
 * connections itself, hides which were new, and sends a failed request again.
 *
 * @module
 */

/** An answer. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  /** The server asked for the end of the connection. */
  readonly close: boolean;
}

/** Where and how to connect. */
export interface ConnectionOptions {
  readonly target: () => { hostname: string; port: number };
  readonly serverName: string;
  readonly caPem: () => string;
}

/** One connection; one request at a time. */
export class LoadConnection {
  /** True once the server or this side has closed it. */
  closed = false;
  /** Requests that were answered on it; counted by the caller. */
  requests = 0;
  readonly #tls: Deno.TlsConn;
  readonly #host: string;
  #read: Promise<Uint8Array<ArrayBuffer> | undefined> | undefined;

  private constructor(tls: Deno.TlsConn, host: string) {
    this.#tls = tls;
    this.#host = host;
  }

  /** Connects and shakes hands, offering what Go offers. */
  static async open(options: ConnectionOptions): Promise<LoadConnection> {
    const plain = await Deno.connect(options.target());
    plain.setNoDelay(true);
    const tls = await Deno.startTls(plain, {
      hostname: options.serverName,
      caCerts: [options.caPem()],
      alpnProtocols: ["h2", "http/1.1"],
    });
    const { alpnProtocol } = await tls.handshake();
    if (alpnProtocol === "h2") throw new Error("The server chose HTTP/2, which is slow in Deno");
    return new LoadConnection(tls, options.serverName);
  }

  /** Sends one POST and reads the whole answer. Rejects when the connection ends before that. */
  async post(path: string, body: Uint8Array | string): Promise<Reply> {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const head = new TextEncoder().encode(
      `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nUser-Agent: kube-apiserver-admission\r\n` +
        `Content-Length: ${bytes.length}\r\nAccept: application/json, */*\r\n` +
        `Content-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n`,
    );
    const message = new Uint8Array(head.length + bytes.length);
    message.set(head);
    message.set(bytes, head.length);
    // Reads while it writes: a server may refuse a body before it has taken all of it.
    const [reply] = await Promise.all([this.#reply(), this.#write(message)]);
    return reply;
  }

  /** Marks the connection idle: the server's closing is noticed from now on. */
  rest(): this {
    this.#read ??= this.#chunk();
    // Noted in `closed`; whoever sends a request nevertheless gets the error from the read itself.
    this.#read.catch(() => this.closed = true);
    return this;
  }

  /** Ends the connection. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.closed = true;
    this.#tls.close();
  }

  #ended = false;

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#tls.write(bytes.subarray(at));
  }

  async #chunk(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      const size = await this.#tls.read(buffer);
      if (size !== null) return buffer.subarray(0, size);
    } catch (error) {
      if (this.#ended) return undefined;
      this.closed = true;
      throw error;
    }
    this.closed = true;
    return undefined;
  }

  async #reply(): Promise<Reply> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let head: Head | undefined;
    let headText = "";
    for (let size = 0;;) {
      const chunk = await (this.#read ?? this.#chunk());
      this.#read = undefined;
      if (chunk === undefined) {
        throw new Error("the server closed the connection before it answered");
      }
      chunks.push(chunk);
      size += chunk.length;
      // The head is ASCII: a character is a byte.
      if (head === undefined) head = parseHead(headText += new TextDecoder("ascii").decode(chunk));
      if (head === undefined || size < head.end + head.length) continue;
      const body = new Blob(chunks).slice(head.end);
      const text = await (head.gzip ? new Response(gunzip(body)) : body).text();
      return { status: head.status, text: text, close: head.close };
    }
  }
}

interface Head {
  readonly status: number;
  /** Bytes up to the body. */
  readonly end: number;
  readonly length: number;
  readonly close: boolean;
  readonly gzip: boolean;
}

function gunzip(body: Blob): ReadableStream<Uint8Array> {
  return body.stream().pipeThrough(new DecompressionStream("gzip"));
}

function parseHead(text: string): Head | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const length = Number(/^content-length: *(\d+)\r?$/im.exec(head)?.[1]);
  if (Number.isNaN(status) || Number.isNaN(length)) {
    throw new Error(`the answer has no status or length: ${head.slice(0, 200)}`);
  }
  return {
    status,
    end: end + 4,
    length,
    close: /^connection: *close\r?$/im.test(head),
    gzip: /^content-encoding: *gzip\r?$/im.test(head),
  };
}
