/**
 * The few things that every step of the build does to the outside: say a line, run a program, write a
 * file so that nobody ever sees half of it.
 *
 * @module
 */
import { writeAllTo } from "core/program/write_all.ts";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { errorText, KumaError } from "core/errors.ts";

/** Prints one line of progress on stderr; stdout belongs to results. */
export function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** How a program is run; `env` is added to ours, a value of `undefined` takes the variable away. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** What a program left: its exit code and all that it printed. */
export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end and gives what it printed.
 *
 * @throws {KumaError} `KUMA-BUILD-001` when it cannot be started
 */
export async function run(
  program: string,
  args: string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const env: Record<string, string> = Deno.env.toObject();
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  const command = new Deno.Command(program, {
    args,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  try {
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (cause) {
    throw new KumaError("KUMA-BUILD-001", `Cannot start ${program}: ${errorText(cause)}`, {
      cause,
      hint: `install ${program} or put it on the PATH`,
    });
  }
}

/**
 * As {@linkcode run}, for a program that has to succeed; gives its stdout.
 *
 * @throws {KumaError} `KUMA-BUILD-001` with the end of its stderr
 */
export async function runOk(
  program: string,
  args: string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).slice(0, 2000);
  throw new KumaError("KUMA-BUILD-001", `${program} ${args[0] ?? ""} exited with ${code}: ${said}`);
}

/** Writes a file under a random name beside its place, then renames it: there whole or not at all. */
export async function writeAtomic(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true, mode });
    try {
      await writeAllTo(file, bytes);
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.chmod(temporary, mode);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch((left) => say(`left behind: ${errorText(left)}`));
    throw error;
  }
}

/** As {@linkcode writeAtomic}, but a file that has these bytes already is left alone. */
export async function placeFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  if (await exists(path) && sha256(await Deno.readFile(path)) === sha256(bytes)) return;
  await writeAtomic(path, bytes, mode);
}

/** True when something is there under that path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** sha256 in hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Runs `use` with a fresh directory (below `parent`, which is made, else in the system's place) that is removed afterwards. */
export async function withTempDir<T>(
  use: (dir: string) => Promise<T>,
  parent?: string,
): Promise<T> {
  if (parent !== undefined) await Deno.mkdir(parent, { recursive: true });
  const dir = await Deno.makeTempDir(parent === undefined ? {} : { dir: parent });
  try {
    return await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
