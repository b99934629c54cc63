/** The program in front of kuma-cni's own: what it answers itself, and that nothing of the other's answer is lost. */
import assert from "node:assert/strict";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { signalProcess, waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { type Call, callPlugin, errorOf, InstalledPlugin, netConf } from "./plugin.ts";

const plugin = InstalledPlugin.create();
const { path } = plugin;
const program = `${plugin.binDir}/${RUNTIME_FOLDER}/kuma-cni`;
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const del = (call: Call) => callPlugin(path, { ...call, command: "DEL" });
/** DEL, with a program behind it that cannot be meant. */
const alone = InstalledPlugin.create();
Deno.test.afterAll(() => alone[Symbol.dispose]());

Deno.test("DEL needs nothing but the program in front, whatever the configuration says", async () => {
  Deno.removeSync(`${alone.binDir}/${RUNTIME_FOLDER}`, { recursive: true });
  const big = netConf({ prevResult: { text: "x".repeat(3_000_000) } });
  for (
    const stdin of [
      netConf(),
      netConf({ cniVersion: "9.0.0" }),
      netConf({ ebpf: { bpffs_path: "/sys/fs/bpf" } }),
      {},
      big,
      "\uFEFF {}\n",
      "\n\t {} \r\n",
    ]
  ) {
    const done = await callPlugin(alone.path, { command: "DEL", stdin });
    assert.deepEqual(done, { code: 0, stdout: "", stderr: "" });
  }
});

Deno.test("DEL of what is no configuration is code 6", async () => {
  for (const stdin of ["", " \n", "[]", "null", "{", "}", '{"name"', "x{}", "\u0000"]) {
    const { code, msg } = errorOf(await del({ stdin }));
    assert.equal(code, 6, JSON.stringify(stdin));
    assert.match(msg, stdin.trim() === "" ? /is empty$/ : /is not a JSON object$/);
  }
});

Deno.test("DEL with variables that no runtime writes is left to the program, which names them", async () => {
  for (
    const [name, value] of [
      ["CNI_CONTAINERID", undefined],
      ["CNI_CONTAINERID", "a/b"],
      ["CNI_CONTAINERID", "-a"],
      ["CNI_IFNAME", ""],
      ["CNI_IFNAME", "sixteen-letters-"],
      ["CNI_IFNAME", "a:b"],
      ["CNI_IFNAME", ".."],
      ["CNI_PATH", undefined],
    ] as const
  ) {
    const { code, msg } = errorOf(await del({ env: { [name]: value } }));
    assert.equal(code, 4, `${name}=${value}`);
    assert.ok(msg.includes(name), msg);
  }
});

Deno.test("an answer of megabytes passes whole, and so does what the program says on standard error", async () => {
  const prevResult = { cniVersion: "1.0.0", text: "x".repeat(3_000_000) };
  // A word that is unknown, and nowhere to log that to.
  const log = { log_level: "trace", log_socket: "/no/socket", log_file: "/no/such/dir/file" };
  const done = await callPlugin(path, { stdin: netConf({ prevResult, ...log }) });
  assert.equal(done.code, 0);
  assert.deepEqual(JSON.parse(done.stdout), prevResult);
  assert.match(done.stderr, /log_level/);
});

Deno.test("a parent that ignores the end of its children gets the program's exit code", async () => {
  const within = ["env", "--ignore-signal=CHLD", path];
  assert.equal((await callPlugin(path, { within })).code, 0);
  assert.equal(errorOf(await callPlugin(path, { within, stdin: "" })).code, 6);
});

for (
  const [what, spoil, message] of [
    [
      "is not there",
      () => Deno.removeSync(program),
      /cannot start \.kuma-cni-runtime\/kuma-cni, .* is not there: errno 2\)$/,
    ],
    ["may not be started", () => Deno.chmodSync(program, 0o644), /errno 13\)$/],
    ["is no program", () => Deno.writeTextFileSync(program, "\0junk"), /errno 8\)$/],
    [
      "ends without an answer",
      () => Deno.writeTextFileSync(program, "#!/bin/sh\nexit 7\n"),
      /ended before it could answer \(exit code 7\)$/,
    ],
    [
      "is killed",
      () => Deno.writeTextFileSync(program, "#!/bin/sh\nkill -9 $$\n"),
      /ended before it could answer \(signal 9\)$/,
    ],
    [
      "is killed in the middle of its answer",
      () => Deno.writeTextFileSync(program, "#!/bin/sh\necho '{\"code\": 1'\nkill -9 $$\n"),
      /ended before it could answer \(signal 9\)$/,
    ],
  ] as const
) {
  Deno.test(`a program that ${what} is an error of the specification, to be tried again`, async () => {
    const saved = `${program}.saved`;
    Deno.renameSync(program, saved);
    try {
      Deno.writeTextFileSync(program, "", { mode: 0o755 });
      spoil();
      for (const command of ["ADD", "CHECK", "STATUS", "VERSION"]) {
        const error = errorOf(await callPlugin(path, { command }));
        assert.equal(error.code, 11);
        assert.match(error.msg, message);
        // Limits are spoken of where they may be the cause.
        const cause = /ended/.test(error.msg) ? /^KUMA-CNI-024; .*TasksMax/ : /^KUMA-CNI-024$/;
        assert.match(error.details ?? "", cause);
      }
    } finally {
      Deno.renameSync(saved, program);
    }
  });
}

/** Replaces the program by a script of a shell. */
async function withScript(script: string, test: () => Promise<void>): Promise<void> {
  const saved = `${program}.saved`;
  Deno.renameSync(program, saved);
  try {
    Deno.writeTextFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await test();
  } finally {
    Deno.renameSync(saved, program);
  }
}

Deno.test("success without an answer is an error where there has to be one", () =>
  withScript("exit 0", async () => {
    for (const command of ["ADD", "VERSION"]) {
      assert.match(errorOf(await callPlugin(path, { command })).msg, /\(exit code 0\)$/);
    }
    for (const command of ["CHECK", "STATUS", "GC"]) {
      assert.deepEqual(await callPlugin(path, { command }), { code: 0, stdout: "", stderr: "" });
    }
  }));

Deno.test("what the program leaves behind with its output open is not waited for", async () => {
  const file = `${plugin.binDir}/left`;
  await withScript(`sleep 600 2>/dev/null & echo $! > ${file}\necho '{}'`, async () => {
    try {
      const done = await callPlugin(path, { killAfterMs: 60_000 });
      assert.deepEqual([done.code, done.stdout], [0, "{}\n"]);
    } finally {
      signalProcess(Number(Deno.readTextFileSync(file)), "SIGKILL");
    }
  });
});

requires("perl")("streams that do not wait for each other's end are waited for", async () => {
  const nonBlocking = "use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK);";
  // The configuration comes later than the call.
  const late = `${nonBlocking} pipe(my $in, my $out); if (fork() == 0) { close($in); sleep(1);
    print $out join("", <STDIN>); close($out); exit(0) }
    close($out); fcntl($in, F_SETFL, O_NONBLOCK); open(STDIN, "<&", $in); exec(@ARGV);`;
  const within = ["perl", "-e", late, path];
  const prevResult = { cniVersion: "1.0.0", text: "x".repeat(3_000_000) };
  const added = await callPlugin(path, { within, stdin: netConf({ prevResult }) });
  assert.equal(added.code, 0, added.stdout.slice(0, 300));
  assert.deepEqual(JSON.parse(added.stdout), prevResult);
  assert.equal((await callPlugin(path, { within, command: "DEL" })).code, 0);
});

requires("perl")("a call without standard input has an empty configuration", async () => {
  const within = ["perl", "-e", "close(STDIN); exec(@ARGV)", path];
  for (const command of ["ADD", "DEL"]) {
    assert.match(errorOf(await callPlugin(path, { within, command })).msg, /is empty$/);
  }
});

Deno.test("who kills kuma-cni ends the program as well", async () => {
  const env = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "a", CNI_IFNAME: "eth0", CNI_PATH: "/x" };
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    // It waits for its configuration, whose writer stays.
    const child = new Deno.Command(path, {
      env: { ...env, CNI_NETNS: "/x" },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const children = () =>
      Deno.readTextFileSync(`/proc/${child.pid}/task/${child.pid}/children`).trim();
    await waitUntil("the program", () => children() !== "");
    const behind = Number(children());
    await waitUntil("its start", () => Deno.readLinkSync(`/proc/${behind}/exe`) === program);
    signalProcess(child.pid, signal);
    await child.status;
    await waitUntil("its end", () => isGone(behind));
    await child.stdin.close();
  }
});

function isGone(pid: number): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
