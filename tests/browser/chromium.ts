/**
 * Debian's chromium without a window, spoken to by its own protocol (chromedevtools.github.io/devtools-protocol).
 *
 * @module
 */
import { waitUntil } from "tests/support/processes.ts";

type Result = Record<string, unknown>;

/** One page in a browser of its own; both go when it is disposed of. */
export class ChromiumPage implements AsyncDisposable {
  readonly #waiting = new Map<number, (message: Result) => void>();
  readonly #seen: { readonly method: string; readonly params: Result }[] = [];
  #last = 0;

  private constructor(
    readonly process: Deno.ChildProcess,
    readonly socket: WebSocket,
    readonly folder: string,
  ) {
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data) as Result;
      if (typeof message.id === "number") this.#waiting.get(message.id)?.(message);
      else this.#seen.push({ method: String(message.method), params: message.params as Result });
    });
  }

  /** Starts a browser with an empty page. */
  static async start(): Promise<ChromiumPage> {
    const folder = await Deno.makeTempDir({ prefix: "kuma-chromium-" });
    const process = new Deno.Command("chromium", {
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...["--no-first-run", "--disable-background-networking", "--disable-component-update"],
        ...[`--user-data-dir=${folder}`, "--remote-debugging-port=0", "about:blank"],
      ],
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    const port = await waitUntil("chromium opens its port", async () => {
      const text = await Deno.readTextFile(`${folder}/DevToolsActivePort`).catch(() => "");
      return /^(\d+)\n/.exec(text)?.[1] ?? false;
    });
    const address = await waitUntil("chromium has a page", async () => {
      const list = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json() as Result[];
      const page = list.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
      return typeof page === "string" && page;
    });
    const socket = new WebSocket(address);
    await new Promise((open, failed) => {
      socket.addEventListener("open", open);
      socket.addEventListener("error", failed);
    });
    return new ChromiumPage(process, socket, folder);
  }

  /** Calls a method and waits for its result. Throws what the browser says is wrong. */
  async call(method: string, params: Result = {}): Promise<Result> {
    const id = ++this.#last;
    let message: Result | undefined;
    this.#waiting.set(id, (answer) => message = answer);
    this.socket.send(JSON.stringify({ id, method, params }));
    const answer = await waitUntil(`chromium answers ${method}`, () => message, { intervalMs: 5 });
    this.#waiting.delete(id);
    if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result as Result;
  }

  /** Value of a JavaScript expression on the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as Result).value;
  }

  /** What the browser told of itself by this name, so far. */
  events(method: string): Result[] {
    return this.#seen.filter((one) => one.method === method).map(({ params }) => params);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    this.process.kill("SIGKILL");
    await this.process.status;
    // Its helpers may still write for a moment.
    await waitUntil("chromium's folder goes", async () => {
      await Deno.remove(this.folder, { recursive: true }).catch(() => {});
      return await Deno.stat(this.folder).then(() => false, () => true);
    });
  }
}
