import assert from "node:assert/strict";
import { kumactlCompletion } from "../../kumactl/completion.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";

/** Runs `use` with the shell's script in a file. */
async function withScript<T>(shell: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, kumactlCompletion(shell));
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Types into an interactive zsh on a terminal of its own (zsh/zpty), and gives what the terminal shows. */
const ZSH = `
zmodload zsh/zpty
script=$1; shift
zpty shell "zsh -f -i"
until_seen() {
  local text= part=
  for ((i = 0; i < 300; i++)); do
    part=
    if zpty -rt shell part; then text+=$part; else sleep 0.1; fi
    case "$text" in *"$1"*) print -r -- "$text"; return 0 ;; esac
  done
  print -r -- "$text"
  return 1
}
zpty -w shell "PS1='> '; autoload -U compinit; compinit -D -u; source $script; echo REA''DY"
until_seen READY > /dev/null
for typed; do
  zpty -w -n shell "$typed"$'\\t'
  sleep 0.5
  zpty -w -n shell $' ; echo DO""NE\\n'
  until_seen DONE
done
zpty -d shell
`;

async function typedIntoZsh(...words: string[]): Promise<string> {
  return await withScript("zsh", async (path) => {
    const { code, stdout, stderr } = await run("zsh", ["-f", "-c", ZSH, "zsh", path, ...words]);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    return stdout;
  });
}

requires("zsh")("zsh completes commands, codes and flags without a complaint", async () => {
  // What is completed is run as an argument of `:`, which does nothing.
  const shown = await typedIntoZsh(
    'kumactl() { print -r -- "RAN $*"; }; kumactl completion z',
    "kumactl explain KUMA-TP-00",
    "kumactl install transparent-proxy --exclude-inbound-p",
  );
  assert.match(shown, /RAN completion zsh/);
  assert.match(shown, /KUMA-TP-001/);
  assert.match(shown, /RAN install transparent-proxy --exclude-inbound-ports=/);
  assert.doesNotMatch(shown, /compopt|command not found|bad /);
});

requires("fish")("fish completes commands, codes and values", async () => {
  const offered = offeredByFish;
  assert.deepEqual(await offered("kumactl completion "), ["bash", "fish", "zsh"]);
  assert.ok((await offered("kumactl explain KUMA-TP-00")).includes("KUMA-TP-001"));
  assert.ok(
    (await offered("kumactl install transparent-proxy --redirect-d")).includes("--redirect-dns"),
  );
  assert.deepEqual(await offered("kumactl install transparent-proxy --ip-family-mode "), [
    "dualstack",
    "ipv4",
    "ipv6",
  ]);
});

requires("bash")("an interactive bash completes without a complaint", async () => {
  const script = kumactlCompletion("bash") +
    `COMP_WORDS=(kumactl install transparent-proxy --exclude-inbound-p); COMP_CWORD=3; _kumactl
     printf '%s\\n' "\${COMPREPLY[@]}"; complete -p kumactl`;
  const { stdout } = await run("bash", ["--norc", "-c", script]);
  assert.equal(stdout, "--exclude-inbound-ports=\ncomplete -F _kumactl kumactl\n");
});

/** What fish offers for a line. */
async function offeredByFish(line: string): Promise<string[]> {
  return await withScript("fish", async (path) => {
    const { code, stdout, stderr } = await run("fish", [
      ...["--no-config", "--command", "source $argv[1]; complete --do-complete=$argv[2]"],
      ...[path, line],
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout.trim().split("\n").map((row) => row.split("\t")[0] ?? "");
  });
}

requires("root", "netns", "bash", "zsh", "fish")(
  "the three shells offer names of network namespaces and of users",
  async () => {
    await using namespace = await Namespace.create("shell");
    const path = `/run/netns/${namespace.name}`;
    const status = `kumactl status transparent-proxy --netns ${path.slice(0, -1)}`;
    const user = "kumactl install transparent-proxy --kuma-dp-user daemo";

    assert.deepEqual(await offeredByFish(status), [path]);
    assert.deepEqual(await offeredByFish(user), ["daemon"]);

    const shown = await typedIntoZsh('kumactl() { print -r -- "RAN $*"; }; :', status, user);
    assert.ok(shown.includes(`RAN status transparent-proxy --netns ${path}`), shown);
    assert.match(shown, /RAN install transparent-proxy --kuma-dp-user daemon/);
    assert.doesNotMatch(shown, /compopt|command not found|bad |no matches/);

    const script = `${kumactlCompletion("bash")}
      offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kumactl; printf '%s\\n' "\${COMPREPLY[@]}"; }
      offer ${status}; offer ${user}`;
    const { stdout, stderr } = await run("bash", ["--norc", "-c", script]);
    assert.deepEqual([stdout, stderr], [`${path}\ndaemon\n`, ""]);
  },
);

requires("root", "netns", "bash", "zsh")(
  "a name on the disk is never run, nor taken for several",
  async () => {
    const folder = await Deno.makeTempDir();
    const hostile = ["$(touch pwned)", "a b", "*", "`touch pwned`"];
    try {
      for (const name of hostile) {
        await Deno.writeTextFile(`${folder}/${name}`, "");
      }
      // In a mount namespace of its own, names of network namespaces lie there, too.
      const bash = `mount --bind "$1" /run/netns; cd "$1"; export PATH
        ${kumactlCompletion("bash")}
        offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kumactl; printf '<%s>' "\${COMPREPLY[@]}"; echo; }
        touch ok; offer kumactl status transparent-proxy --netns ""
        offer kumactl explain packet -f ""`;
      const inOwn = ["--mount", "--propagation", "private", "bash", "--norc", "-c", bash, "bash"];
      await Deno.mkdir("/run/netns", { recursive: true });
      const { stdout, stderr } = await run("unshare", [...inOwn, folder]);
      assert.equal(stderr, "");
      const [netns, files] = stdout.split("\n");
      assert.equal(netns, "</run/netns/ok>");
      assert.deepEqual(
        files?.slice(1, -1).split("><").sort(),
        [...hostile, "ok"].sort(),
      );
      await typedIntoZsh(`cd ${folder}; kumactl() { :; }; kumactl explain packet -f `);
      assert.deepEqual(
        [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
        [...hostile, "ok"].sort(),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
