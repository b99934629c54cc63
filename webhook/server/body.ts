/**
 * Reading request bodies of limited size.
 *
 * @module
 */

/** Largest body, as in Kuma: a request holds two objects of 1.5 MiB at most, in JSON. */
export const MAX_BODY = 7 * 1024 * 1024;

/** The body as text; `undefined` where it is larger than {@linkcode MAX_BODY}. Throws for bad UTF-8. */
export async function readBody(request: Request): Promise<string | undefined> {
  const length = Number(request.headers.get("content-length") ?? "0");
  if (length > MAX_BODY) return undefined;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
