import assert from "node:assert/strict";
import { type Doing, type Guest, Guests } from "./guests.ts";

/** Listens to who is cut. */
function house(most: number) {
  const guests = new Guests(most);
  const cut: string[] = [];
  const admit = (name: string, doing: Doing, ageMs: number, peer = "a"): Guest | undefined => {
    const guest = guests.admit(peer, () => cut.push(name));
    guest?.does(doing);
    if (guest !== undefined) guest.since -= ageMs;
    return guest;
  };
  return { guests, cut, admit };
}

Deno.test("what is half-sent for long goes first, then who asks nothing, then what is half-sent", () => {
  const { cut, admit } = house(5);
  admit("idle", "idle", 50_000, "b");
  admit("busy", "answering", 50_000, "c");
  admit("young", "head", 10, "d");
  admit("slow", "body", 2000, "e");
  admit("slowest", "handshake", 3000, "f");
  admit("1", "answering", 0, "g");
  admit("2", "answering", 0, "h");
  admit("3", "answering", 0, "i");
  admit("4", "answering", 0, "j");
  assert.deepEqual(cut, ["slowest", "slow", "idle", "young"]);
  assert.equal(admit("5", "answering", 0, "k"), undefined, "nobody who is answered is cut");
});

Deno.test("who has just got an answer is cut last: it may still be on its way, and so may a handshake", () => {
  const { cut, admit } = house(3);
  admit("answered", "idle", 2, "a");
  admit("young", "head", 800, "b");
  admit("idle", "idle", 700, "c");
  admit("shakes hands", "handshake", 1, "d");
  admit("new", "answering", 0, "e");
  admit("newer", "answering", 0, "f");
  assert.deepEqual(cut, ["young", "idle", "answered"]);
});

Deno.test("of those alike the one goes whose peer has most", () => {
  const { cut, admit } = house(4);
  admit("api server", "idle", 90_000, "a");
  admit("scanner 1", "idle", 1000, "b");
  admit("scanner 2", "idle", 2000, "b");
  admit("kubelet", "idle", 90_000, "c");
  admit("new", "head", 0, "d");
  assert.deepEqual(cut, ["scanner 2"]);
});

Deno.test("one peer never has all of the places", () => {
  const { guests, cut, admit } = house(8);
  for (let n = 0; n < 20; n++) admit(String(n), "answering", 0);
  assert.equal(guests.size, 6);
  assert.ok(admit("other", "answering", 0, "b"));
  assert.deepEqual(cut, []);
});

Deno.test("who holds bytes of something half-sent gives way, of the peer that holds most", () => {
  const { guests, cut, admit } = house(9);
  const hold = (guest: Guest | undefined, held: number) => {
    if (guest !== undefined) Object.assign(guest, { held, release: () => guest.held = 0 });
  };
  hold(admit("answered", "answering", 5000, "a"), 100);
  hold(admit("pod", "body", 2000, "b"), 10);
  hold(admit("first", "body", 1000, "c"), 8);
  hold(admit("second", "writing", 900, "c"), 8);
  hold(admit("just now", "body", 0, "d"), 50);
  admit("nothing", "body", 9000, "d");
  while (guests.giveWay());
  assert.deepEqual(cut, ["first", "pod", "second"]);
});

Deno.test("each thing has its time", () => {
  const { guests, cut, admit } = house(9);
  admit("handshake", "handshake", 11_000);
  admit("head", "head", 9000);
  admit("idle", "idle", 170_000);
  admit("body", "body", 21_000, "b");
  assert.deepEqual([...guests.sweep()], [["handshake", 1], ["body", 1]]);
  assert.deepEqual(cut, ["handshake", "body"]);
  guests.sendIdleAway();
  assert.deepEqual(cut.slice(2), ["idle"]);
  assert.equal(guests.sendAllAway(), 1);
  assert.equal(guests.size, 0);
});
