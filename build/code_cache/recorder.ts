/**
 * Runs a program's common commands and keeps what V8 compiled meanwhile. It is started in a network and a mount namespace of
 * its own (`warm_up.ts`), with the main module `recorder.js` in the place of the program's: what it runs is the very text
 * that is attached, under the very flags.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { type Attachment, openAttached } from "core/program/attached.ts";
import type { WarmRun } from "../components.ts";
import { OWN_RUN } from "./own_run.ts";

/** What it is to do, as JSON in a file. */
export interface Recording {
  /** The command whose stages these are. */
  readonly command: string;
  readonly runs: readonly WarmRun[];
  /** Where the bytecode of each stage goes, with its number behind; what else there is to say goes to `.json`. */
  readonly to: string;
}

/** What it says of what it did. */
export interface Recorded {
  /** For each run, names of the modules that it needed beyond those before, and that are in no stage: `./x.js`. */
  readonly loaded: readonly (readonly string[])[];
  /** The numbers of the stages that have bytecode: those that were needed. */
  readonly stages: readonly number[];
  /** Runs that failed on this machine, and how. */
  readonly missing: readonly string[];
}

const CLONE_NEWNET = 0x40000000, AF_INET = 2, AF_INET6 = 10, SOCK_DGRAM = 2;
const SIOCSIFFLAGS = 0x8914, SIOCSIFADDR = 0x8916, IFF_UP = 1;

const libc = Deno.dlopen("libc.so.6", {
  unshare: { parameters: ["i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
});

/** A network namespace that nothing has touched, with a loopback interface that is up and an address of IPv6. */
function enterFreshNetns(): void {
  if (libc.symbols.unshare(CLONE_NEWNET) !== 0) throw new Error("no network namespace");
  // struct ifreq: the name, and flags behind 16 bytes.
  const up = new Uint8Array(40);
  up.set(new TextEncoder().encode("lo"));
  new DataView(up.buffer).setUint16(16, IFF_UP, true);
  if (!ask(AF_INET, SIOCSIFFLAGS, up)) throw new Error("its loopback interface stays down");
  // struct in6_ifreq: fd00::1, the length of its prefix, and the interface's index. A kernel may do without IPv6.
  const address = new Uint8Array(24);
  address.set([0xfd], 0);
  address.set([1, 128], 15);
  address.set([1], 20);
  ask(AF_INET6, SIOCSIFADDR, address);
}

function ask(family: number, request: number, argument: Uint8Array<ArrayBuffer>): boolean {
  const socket = libc.symbols.socket(family, SOCK_DGRAM, 0);
  const done = libc.symbols.ioctl(socket, BigInt(request), argument);
  libc.symbols.close(socket);
  return done === 0;
}

/** Asks the recorder to run what follows and to record nothing. */
const PLAIN = "--plain";

function spawnHere(program: string, args: string[]): void {
  const { code } = new Deno.Command(program, { args, stdout: "null", stderr: "inherit" })
    .outputSync();
  const said = args.filter((word) => word !== PLAIN).join(" ");
  if (code !== 0) throw new Error(`${said} ended with ${code}`);
}

const attachment = JSON.parse("@@ATTACHMENT@@") as Attachment;
const [file = "", ...words] = Deno.args;
if (file === PLAIN) {
  Deno.exit(await openAttached(attachment, words).run(words));
}
const recording = JSON.parse(await Deno.readTextFile(file)) as Recording;
const [mount, ...places] = OWN_RUN;
spawnHere(mount, places);
const program = openAttached(attachment, recording.command.split(" "));
const missing: string[] = [], loaded: string[][] = [], stages: number[] = [];
for (const { before, run } of recording.runs) {
  enterFreshNetns();
  try {
    if (before !== undefined) spawnHere(Deno.execPath(), [PLAIN, ...before.split(" ")]);
    const code = await program.run(run.split(" "));
    if (code !== 0) throw new Error(`${run} ended with ${code}`);
  } catch (error) {
    // A tool that the builder lacks: what it would have needed is compiled when it is used.
    missing.push(errorText(error));
  }
  loaded.push(program.loaded.slice(loaded.flat().length));
}
for (const [index, script] of program.scripts.entries()) {
  if (script === undefined) continue;
  stages.push(index);
  await Deno.writeFile(`${recording.to}${index}`, script.createCachedData());
}
const done: Recorded = { loaded, stages, missing };
await Deno.writeTextFile(`${recording.to}.json`, JSON.stringify(done));
Deno.exit(0);
