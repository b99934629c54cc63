/**
 * Programs in C for this machine, for what JavaScript would disturb: calls that block, and times of microseconds.
 *
 * @module
 */
import { runOk } from "build/io.ts";

/** A compiled program; disposing of it removes it. */
export class NativeProgram implements AsyncDisposable {
  private constructor(readonly path: string, private readonly dir: string) {}

  /** Compiles one source file by clang; what clang says is in the error. */
  static async compile(source: URL): Promise<NativeProgram> {
    const dir = await Deno.makeTempDir({ prefix: "kuma-native-" });
    const path = `${dir}/program`;
    try {
      await runOk("clang", [
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pthread",
        "-o",
        path,
        source.pathname,
      ]);
    } catch (error) {
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
    return new NativeProgram(path, dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}
