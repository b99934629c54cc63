/**
 * The pages for kubelet and Prometheus, as controller-runtime has them: `/healthz` and `/readyz` run all
 * checks, `/healthz/NAME` one of them, `?verbose` lists each, `?exclude=NAME` leaves one out.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { METRICS_CONTENT_TYPE } from "core/metrics/metrics.ts";
import type { Json } from "core/patch/json.ts";

/** Why something is not well; undefined where it is. One that throws is not well either. */
export type Check = () => string | undefined | Promise<string | undefined>;

/** Checks by name. Names are words such as `ping` or `informer-sync`. */
export type Checks = Readonly<Record<string, Check>>;

/** What the pages show. */
export interface OperationsPages {
  /** Failing makes the kubelet restart the program. Without any, alive is who answers. */
  readonly healthz?: Checks;
  /** Failing keeps callers away. */
  readonly readyz?: Checks;
  /** Who is asked for `/metrics`; without it there is no such page. */
  readonly metrics?: { page(): string };
  /** What is asked for `/status`, for people; without it there is no such page. */
  readonly status?: () => Json;
}

/** An answer before it is written. */
export interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** The page of a path; undefined for paths that are not its own. Never rejects. */
export async function operationsPage(
  { healthz, readyz, metrics, status }: OperationsPages,
  path: string,
  query: URLSearchParams,
): Promise<Page | undefined> {
  if (path === "/metrics" && metrics !== undefined) {
    return { status: 200, type: METRICS_CONTENT_TYPE, text: metrics.page() };
  }
  if (path === "/status" && status !== undefined) {
    const text = `${JSON.stringify(status(), undefined, 2)}\n`;
    return { status: 200, type: "application/json", text };
  }
  const [, kind = "", name, ...more] = path.split("/");
  const checks = kind === "healthz" ? healthz ?? {} : kind === "readyz" ? readyz ?? {} : undefined;
  if (checks === undefined || more.length > 0) return undefined;
  if (name === undefined || name === "") return await allOf(kind, checks, query);
  if (!Object.hasOwn(checks, name)) return undefined;
  const why = await outcome(checks[name]!);
  return why === undefined ? plain(200, "ok\n") : plain(503, `${name} failed: ${why}\n`);
}

/** A plain text answer. */
export function plain(status: number, text: string): Page {
  return { status, type: "text/plain; charset=utf-8", text };
}

async function allOf(kind: string, checks: Checks, query: URLSearchParams): Promise<Page> {
  const excluded = query.getAll("exclude");
  const names = Object.keys(checks).filter((name) => !excluded.includes(name));
  const found = await Promise.all(
    names.map(async (name) => [name, await outcome(checks[name]!)] as const),
  );
  const failed = found.some(([, why]) => why !== undefined);
  if (!failed && !query.has("verbose")) return plain(200, "ok\n");
  const lines = found.map(([name, why]) =>
    why === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${why}\n`
  );
  const last = `${kind} check ${failed ? "failed" : "passed"}\n`;
  return plain(failed ? 503 : 200, `${lines.join("")}${last}`);
}

async function outcome(check: Check): Promise<string | undefined> {
  try {
    return await check();
  } catch (thrown) {
    return errorText(thrown);
  }
}
