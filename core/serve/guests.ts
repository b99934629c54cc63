/**
 * Who is connected, what each is doing, and who has to go when there is no room.
 *
 * A port that strangers reach has to answer the API server whatever they do. So nobody who comes is refused
 * while there is somebody to send away instead: first those who hold something half-sent for long, then
 * those who ask nothing for long, each time of the peer that has most.
 *
 * @module
 */

/**
 * What a connection does. `handshake`, `silent` (connected, nothing asked yet), `head`, `body` and `writing` wait for the peer, which may be slow on
 * purpose; `idle` asks nothing; `answering` waits for us; `leaving` has got all and was asked to close.
 */
export type Doing =
  | "handshake"
  | "silent"
  | "head"
  | "idle"
  | "body"
  | "answering"
  | "writing"
  | "leaving";

/** How long each may last, in milliseconds, from when it began; bytes that come do not prolong it. */
const PATIENCE_MS: Readonly<Record<Doing, number>> = {
  handshake: 10_000,
  silent: 10_000,
  head: 10_000,
  // Go's client gives up an idle connection after 90 s by itself; later there is nobody.
  idle: 180_000,
  body: 20_000,
  // The API server waits 30 s at most.
  answering: 60_000,
  writing: 20_000,
  leaving: 1000,
};

/** Nobody misses an answer who is cut then. */
const AT_REST: readonly Doing[] = ["handshake", "silent", "idle", "leaving"];

/** Half-sent things that are younger may be on their way; on a busy machine, for long. */
const QUIET_MS = 1000;

/** One connection. */
export class Guest {
  doing: Doing = "handshake";
  /** When it began to do that, in ms of `performance.now()`. */
  since: number = performance.now();
  /** Bytes of the budget that it has. */
  held = 0;
  /** Gives them back; at once, so that nobody else is cut for what one had. */
  release: () => void = () => {};
  /** While bytes of it should wait where they are: pending until more is read. */
  pause: Promise<void> | undefined;

  constructor(readonly peer: string, readonly cut: () => void) {}

  /** It does something else from now on; the same again counts from when it began. */
  does(what: Doing): void {
    if (this.doing === what) return;
    this.doing = what;
    this.since = performance.now();
  }

  /** Since when it keeps us waiting with something half-sent; undefined where it does not. */
  get halfSince(): number | undefined {
    return this.doing === "idle" || this.doing === "answering" ? undefined : this.since;
  }
}

/** All connections of a listener. */
export class Guests {
  readonly #most: number;
  readonly #guests = new Set<Guest>();
  readonly #peers = new Map<string, number>();

  /** @param most connections; a single peer gets three quarters of them */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many there are. */
  get size(): number {
    return this.#guests.size;
  }

  /**
   * Takes a new one in; another may be cut for it. `undefined` where all are being answered.
   *
   * @param cut ends the connection at once
   */
  admit(peer: string, cut: () => void): Guest | undefined {
    const own = this.#peers.get(peer) ?? 0;
    const full = this.#guests.size >= this.#most;
    if (own >= this.#most * 3 / 4) {
      if (!this.#makeRoom((one) => one.peer === peer)) return undefined;
    } else if (full && !this.#makeRoom(() => true)) return undefined;
    const guest = new Guest(peer, cut);
    this.#guests.add(guest);
    this.#peers.set(peer, (this.#peers.get(peer) ?? 0) + 1);
    return guest;
  }

  /** It has gone. */
  leave(guest: Guest): void {
    if (!this.#guests.delete(guest)) return;
    const left = (this.#peers.get(guest.peer) ?? 1) - 1;
    if (left > 0) this.#peers.set(guest.peer, left);
    else this.#peers.delete(guest.peer);
  }

  /** Cuts somebody who does not need us now; false where there is none. */
  makeRoom(): boolean {
    return this.#makeRoom(() => true);
  }

  /**
   * Cuts whoever holds bytes of something half-sent for longest, of the peer that holds most. False where
   * nobody does so for at least a tenth of a second.
   */
  giveWay(): boolean {
    const young = performance.now() - 100;
    const half = [...this.#guests].filter((one) => one.held > 0 && (one.halfSince ?? NaN) < young);
    const held = new Map<string, number>();
    for (const { peer, held: bytes } of half) held.set(peer, (held.get(peer) ?? 0) + bytes);
    return this.#send(oldest(half, (one) => held.get(one.peer) ?? 0));
  }

  /** Cuts those whose time is over; how many of what. */
  sweep(): ReadonlyMap<Doing, number> {
    const now = performance.now();
    const gone = new Map<Doing, number>();
    for (const guest of this.#guests) {
      const { doing, since } = guest;
      if (now - since <= PATIENCE_MS[doing]) continue;
      gone.set(doing, (gone.get(doing) ?? 0) + 1);
      this.#send(guest);
    }
    return gone;
  }

  /** For the end: cuts those who ask nothing and have not just been answered. */
  sendIdleAway(): void {
    const quiet = performance.now() - QUIET_MS;
    for (const guest of this.#guests) {
      const asksNothing = guest.doing === "idle" || guest.doing === "silent";
      if (asksNothing && guest.since < quiet) this.#send(guest);
    }
  }

  /** Cuts all; how many there were that had not got all they asked for. */
  sendAllAway(): number {
    const cut = [...this.#guests].filter(({ doing }) => !AT_REST.includes(doing));
    for (const guest of this.#guests) this.#send(guest);
    return cut.length;
  }

  #makeRoom(among: (guest: Guest) => boolean): boolean {
    const quiet = performance.now() - QUIET_MS;
    const all = [...this.#guests].filter(among);
    const half = all.filter((one) => one.halfSince !== undefined);
    const idle = all.filter((one) => one.doing === "idle");
    const peers = (one: Guest) => this.#peers.get(one.peer) ?? 0;
    const long = (some: readonly Guest[]) => some.filter(({ since }) => since < quiet);
    // Of what is young the oldest: a handshake may go on, an answer may be on its way.
    const orders = [long(half), long(idle), [...half, ...idle]];
    return orders.some((some) => this.#send(oldest(some, peers)));
  }

  #send(guest: Guest | undefined): boolean {
    if (guest === undefined) return false;
    this.leave(guest);
    guest.cut();
    guest.release();
    return true;
  }
}

/** Of those with the greatest weight the one that does what it does for longest. */
function oldest(guests: readonly Guest[], weight: (guest: Guest) => number): Guest | undefined {
  let found: Guest | undefined;
  for (const guest of guests) {
    const more = found === undefined ? 1 : weight(guest) - weight(found);
    if (more > 0 || (more === 0 && guest.since < (found?.since ?? 0))) found = guest;
  }
  return found;
}
