/** What netlink may do to a program: answers that are lost, cut short, disturbed, or refused with words. */
import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { NFT_MSG, TABLE } from "core/rules/nft/attributes.ts";
import { removal } from "core/rules/nft/encode.ts";
import type { Bytes } from "core/rules/nft/wire.ts";
import { NetlinkWriter } from "core/rules/nft/writer.ts";
import type { NetlinkCalls } from "./netlink_calls.ts";
import { NftError } from "./nft_error.ts";
import { NftSocket } from "./socket.ts";
import { deleteTable } from "./table.ts";

const ERROR = 2, DONE = 3, NEWTABLE = 0xa00;
const INTERRUPTED = 0x10, WITH_WORDS = 0x200;

interface Answer {
  readonly type: number;
  readonly flags?: number;
  readonly body?: Bytes;
  /** Counted from the last message that was sent; 0 is the last one. */
  readonly ago?: number;
}

/** A kernel that answers each send with the next of these lists; `undefined` is an answer that is lost. */
class FakeKernel {
  opened = 0;
  sent = 0;
  #pending: (Bytes | undefined)[] = [];

  constructor(readonly script: ((Answer[] | undefined)[] | "refuse")[]) {}

  open = (): NetlinkCalls => {
    this.opened++;
    return {
      send: (message) => {
        const next = this.script[this.sent++];
        if (next === "refuse") return false;
        const sequence = lastSequence(message);
        this.#pending = (next ?? []).map((answers) => answers && datagram(answers, sequence));
        return true;
      },
      receive: () => this.#pending.shift(),
      close: () => {
        this.#pending = [];
      },
    };
  };
}

function named(attribute: number, name: string): Bytes {
  const to = new NetlinkWriter();
  to.text(attribute, name);
  return to.finish();
}

function lastSequence(message: Bytes): number {
  const view = new DataView(message.buffer);
  let at = 0, sequence = 0;
  for (; at + 16 <= message.length; at += (view.getUint32(at, true) + 3) & ~3) {
    sequence = view.getUint32(at + 8, true);
  }
  return sequence;
}

function datagram(answers: readonly Answer[], sequence: number): Bytes {
  const parts = answers.map(({ type, flags = 0, body = new Uint8Array(4), ago = 0 }) => {
    const bytes = new Uint8Array((16 + body.length + 3) & ~3);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 16 + body.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, flags, true);
    view.setUint32(8, sequence - ago, true);
    bytes.set(body, 16);
    return bytes;
  });
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function error(errno: number, words?: string): Pick<Answer, "type" | "flags" | "body"> {
  const said = words === undefined ? new Uint8Array(0) : named(1, words);
  const body = new Uint8Array(20 + said.length);
  new DataView(body.buffer).setInt32(0, -errno, true);
  body.set(said, 20);
  return { type: ERROR, flags: words === undefined ? 0 : WITH_WORDS, body };
}

const table = (name: string): Answer => ({
  type: NEWTABLE,
  body: new Uint8Array([2, 0, 0, 0, ...named(TABLE.NAME, name)]),
});
const done: Answer = { type: DONE };
const names = (kernel: FakeKernel) => {
  using socket = new NftSocket(kernel.open);
  return socket.dump(NFT_MSG.GETTABLE, 2).length;
};
/** The end of a transaction is a message of its own, which is not acknowledged. */
const ack = { ...error(0), ago: 1 };

Deno.test("a list comes in several datagrams, others' answers between them are passed over", () => {
  const kernel = new FakeKernel([[[table("a")], [{ ...table("x"), ago: 5 }, table("b")], [done]]]);
  assert.equal(names(kernel), 2);
});

Deno.test("a list that changed, was cut short or lost, or was refused for now, is asked for anew", () => {
  const short = new FakeKernel([[[table("a")]], [[table("a"), table("b")], [done]]]);
  assert.equal(names(short), 2);
  for (
    const first of [
      [[table("a"), { ...done, flags: INTERRUPTED }]],
      [[table("a")], undefined],
      [[table("a")], [error(11)]],
      [[error(4)]],
    ]
  ) {
    const kernel = new FakeKernel([first, [[table("a"), table("b")], [done]]]);
    assert.equal(names(kernel), 2);
    // On a socket of its own: the rest of the first answer is nobody's.
    assert.equal(kernel.opened, 2);
  }
});

Deno.test("a list that never comes whole is an error, and so is one that is refused", () => {
  const never = new FakeKernel(Array.from({ length: 40 }, () => [[table("a")], undefined]));
  assert.throws(
    () => names(never),
    (thrown) => thrown instanceof KumaError && /no whole answer/.test(thrown.message),
  );
  const refused = new FakeKernel([[[error(1)]]]);
  assert.throws(
    () => names(refused),
    (thrown) =>
      thrown instanceof NftError && thrown.errno === 1 &&
      /operation not permitted/.test(thrown.message),
  );
});

Deno.test("a message that the kernel does not take is sent again, and refused in the end", () => {
  using once = new NftSocket(new FakeKernel(["refuse", [[ack]]]).open);
  assert.deepEqual(once.commit(removal()), { kind: "done" });
  using never = new NftSocket(new FakeKernel(["refuse", "refuse"]).open);
  assert.equal(never.commit(removal()).kind, "refused");
});

Deno.test("a refusal names the object, and has the kernel's words where it has some", () => {
  using plain = new NftSocket(new FakeKernel([[[{ ...error(17), ago: 1 }]]]).open);
  assert.deepEqual(plain.commit(removal()), {
    kind: "refused",
    errno: 17,
    reason: "table kuma-mesh: file exists",
  });
  using words = new NftSocket(new FakeKernel([[[{ ...error(95, "no such thing"), ago: 1 }]]]).open);
  const outcome = words.commit(removal());
  assert(outcome.kind === "refused");
  assert.match(outcome.reason, /^table kuma-mesh: no such thing \(/);
});

Deno.test("a lost answer to a change is looked into, never taken for either", () => {
  const gone = [[error(2)]];
  const there = [[table("kuma-mesh"), error(0)]];
  const empty = [[done]];
  const generation = [[{ type: 0xa0f, body: new Uint8Array(4) }, error(0)]];
  using took = new NftSocket(new FakeKernel([[undefined], generation, gone, generation]).open);
  assert.equal(deleteTable(took), true);
  const script = [[undefined], generation, there, empty, empty, empty, generation];
  using not = new NftSocket(new FakeKernel(script).open);
  assert.throws(
    () => deleteTable(not),
    (thrown) => thrown instanceof KumaError && thrown.code === "KUMA-TP-232",
  );
});
