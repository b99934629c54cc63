/**
 * Answers that fit into one TLS record where that can be.
 *
 * A TLS listener of Deno 2.7.11 cannot switch Nagle's algorithm off: the second record of an answer
 * waits for the client's acknowledgement of the first, which the client delays by 40 ms. So an answer
 * that is too long for one record (16 KiB) is compressed, which Go's client offers with every request
 * and undoes by itself; patches become a third. One that is still too long waits those 40 ms.
 *
 * @module
 */

/** Bytes of an answer's body that go into one record together with its head. */
const ONE_RECORD = 15 * 1024;

/** A JSON answer to a request, compressed where that is needed and the client can read it. */
export async function packedJson(request: Request, json: string): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const bytes = new TextEncoder().encode(json);
  if (bytes.length <= ONE_RECORD || !takesGzip(request)) return new Response(bytes, { headers });
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const small = await new Response(stream).bytes();
  return new Response(small, { headers: { ...headers, "content-encoding": "gzip" } });
}

function takesGzip(request: Request): boolean {
  const codings = (request.headers.get("accept-encoding") ?? "").split(",");
  return codings.some((coding) => /^\s*gzip\s*(;\s*q=(1|0?\.[1-9]).*)?$/i.test(coding));
}
