/**
 * kumactl killed at random moments: every table of the firewall is the old or the new one, never between,
 * and one more run finishes the job.
 */
import assert from "node:assert/strict";
import { FAMILIES } from "core/proxy/resolved.ts";
import { type Flavour, FLAVOURS } from "tests/kernel/namespace.ts";
import { sleep, waitUntil } from "tests/support/processes.ts";
import { randomFrom } from "tests/support/property.ts";
import { requires } from "tests/support/requires.ts";
import { BUSY_HOST, install, Machine, uninstall } from "./machine.ts";

/** Kills of install, and as many of uninstall, for each flavour. */
const KILLS = 50;
const INSTALL = install("--redirect-all-dns-traffic", "--drop-invalid-packets");

/** Rules and chains by `FLAVOUR FAMILY TABLE`; a table that holds nothing counts as one that is not there. */
type Tables = Map<string, string>;

for (const flavour of FLAVOURS) {
  const test = requires("root", "netns", `iptables-${flavour}`);
  test(`${flavour}: ${KILLS} kills of install and of uninstall leave whole tables`, async () => {
    await using machine = await Machine.create();
    for (const family of FAMILIES) await machine.restore(flavour, family, BUSY_HOST);
    const before = await machine.firewall();
    const without = await tables(machine, flavour);
    const installTime = await timed(() => machine.kumactlMust(...INSTALL));
    const full = await tables(machine, flavour);
    assert.notDeepEqual(full, without);
    const uninstallTime = await timed(() => machine.kumactlMust(...uninstall()));
    assert.equal(await machine.firewall(), before);

    const random = randomFrom();
    const seen = { install: new Tally(), uninstall: new Tally() };
    for (let i = 0; i < KILLS; i++) {
      await killed(machine, INSTALL, moment(i + random(), installTime));
      seen.install.add(await tables(machine, flavour), without, full);
      await machine.kumactlMust(...INSTALL);
      assert.deepEqual(await tables(machine, flavour), full, "one more install finishes");

      await killed(machine, uninstall(), moment(i + random(), uninstallTime));
      seen.uninstall.add(await tables(machine, flavour), full, without);
      await machine.kumactlMust(...uninstall());
      assert.equal(await machine.firewall(), before, "one more uninstall finishes");
    }
    report(`${flavour}: install ${seen.install}; uninstall ${seen.uninstall}`);
  });
}

/** Counts where the kills fell. */
class Tally {
  #old = 0;
  #between = 0;
  #new = 0;

  /** Fails unless each table is one of the two. */
  add(found: Tables, before: Tables, after: Tables): void {
    const changed = [...new Set([...before.keys(), ...after.keys()])]
      .filter((name) => before.get(name) !== after.get(name));
    for (const [name, text] of found) {
      const whole = text === before.get(name) || text === after.get(name);
      assert(whole, `${name} is neither old nor new:\n${text}`);
    }
    const done = changed.filter((name) => found.get(name) === after.get(name)).length;
    if (done === 0) this.#old++;
    else if (done === changed.length) this.#new++;
    else this.#between++;
  }

  toString(): string {
    return `${this.#old} kills before any change, ${this.#between} between tables, ${this.#new} after`;
  }
}

/** Spread over the run, a little past its end: `place` is the number of the kill and its share of a stretch. */
function moment(place: number, duration: number): number {
  return place / KILLS * duration * 1.1;
}

async function killed(machine: Machine, args: string[], afterMs: number): Promise<void> {
  const child = machine.start(args);
  await sleep(afterMs);
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // It had ended by itself.
  }
  await child.status;
  // A program that kumactl had started goes on for a moment: iptables-restore commits or does not.
  await waitUntil("the end of kumactl's children", () => !hasIptables(machine), { intervalMs: 2 });
}

/** Whether an iptables program runs in the machine's network namespace. */
function hasIptables(machine: Machine): boolean {
  const here = Deno.readLinkSync(`/proc/${machine.pid}/ns/net`);
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const program = Deno.readTextFileSync(`/proc/${name}/comm`);
      const ours = /^x?ip6?tables|^xtables/.test(program);
      if (ours && Deno.readLinkSync(`/proc/${name}/ns/net`) === here) return true;
    } catch (error) {
      // Processes come and go while the list is read; a zombie has no namespaces any more.
      if (!(error instanceof Deno.errors.NotFound) && !/ESRCH|No such/.test(String(error))) {
        throw error;
      }
    }
  }
  return false;
}

async function tables(machine: Machine, flavour: Flavour): Promise<Tables> {
  const found: Tables = new Map();
  for (const family of FAMILIES) {
    let name = "";
    for (const line of (await machine.save(flavour, family)).split("\n")) {
      if (line.startsWith("*")) name = `${flavour} ${family} ${line.slice(1)}`;
      const empty = line === "COMMIT" || line.startsWith("*") ||
        / ACCEPT \[[0-9]+:[0-9]+\]$/.test(line);
      if (!empty) found.set(name, `${found.get(name) ?? ""}${line}\n`);
    }
  }
  return found;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function report(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
