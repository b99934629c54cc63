/**
 * One connection, begun as another user of the network namespace that the main thread is in.
 *
 * @module
 */
import { addressText, mappedAddress } from "core/bpf/address.ts";
import { KumaError } from "core/errors.ts";
import type { Family } from "core/proxy/resolved.ts";
import { close, errnoText } from "../libc.ts";
import { systemCalls } from "../system_call.ts";

const kernel = systemCalls({
  socket: ["i32", "i32", "i32"],
  bind: ["i32", "buffer", "u32"],
  connect: ["i32", "buffer", "u32"],
  sendto: ["i32", "buffer", "usize", "i32", "pointer", "u32"],
  getsockname: ["i32", "buffer", "buffer"],
  getsockopt: ["i32", "i32", "i32", "buffer", "buffer"],
  setsockopt: ["i32", "i32", "i32", "buffer", "u32"],
  ppoll: ["buffer", "usize", "buffer", "pointer", "usize"],
  setfsuid: ["u32"],
});

const AF = { ipv4: 2, ipv6: 10 } as const;
const TYPE = { tcp: 1, udp: 2 } as const;
const SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_ERROR = 4, SO_LINGER = 13;
const EINPROGRESS = 115;
const POLLIN = 1, POLLOUT = 4;

/** An address with a port. */
export interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

/** A socket whose owner is the user that firewall rules see (`-m owner`, `meta skuid`). Dispose of it. */
export class ProbeSocket implements Disposable {
  readonly #fd: number;
  readonly #family: Family;

  /** @throws {KumaError} `KUMA-TP-046` the kernel gives no such socket, or does not let it be this user's. */
  constructor(family: Family, readonly protocol: "tcp" | "udp", uid: number | undefined) {
    this.#family = family;
    // The file system's user is the one that a new file, and so a socket, belongs to; it is this thread's alone.
    const former = uid === undefined ? undefined : kernel.setfsuid(uid);
    try {
      if (uid !== undefined && kernel.setfsuid(uid) !== uid) {
        throw new KumaError("KUMA-TP-046", `a connection cannot be sent as user ${uid}`, {
          hint: "run it as root with CAP_SETUID",
        });
      }
      const type = TYPE[protocol] | SOCK_NONBLOCK | SOCK_CLOEXEC;
      this.#fd = checked("a socket cannot be opened", kernel.socket(AF[family], type, 0));
    } finally {
      if (former !== undefined) kernel.setfsuid(former);
    }
  }

  /** Sends from this address. Throws `KUMA-TP-046` where it is not one of this namespace. */
  bind(end: SocketEnd): void {
    const name = nameOf(this.#family, end);
    checked(`it cannot be sent from ${end.address}`, kernel.bind(this.#fd, name, name.length));
  }

  /** Begins; 0, or the negative errno where it is refused at once. */
  connect(end: SocketEnd): number {
    const name = nameOf(this.#family, end);
    const result = kernel.connect(this.#fd, name, name.length);
    return result === -EINPROGRESS ? 0 : result;
  }

  /** Sends a datagram; 0, or the negative errno. */
  send(message: Uint8Array<ArrayBuffer>): number {
    return Math.min(0, kernel.sendto(this.#fd, message, BigInt(message.length), 0, null, 0));
  }

  /** Where it is sent from. */
  get local(): SocketEnd {
    const name = new Uint8Array(28), length = new Int32Array([name.length]);
    checked(
      "a socket has no name",
      kernel.getsockname(this.#fd, name, new Uint8Array(length.buffer)),
    );
    const port = (name[2] ?? 0) << 8 | (name[3] ?? 0);
    return this.#family === "ipv4"
      ? { address: name.subarray(4, 8).join("."), port }
      : { address: addressText(name.slice(8, 24)), port };
  }

  /** Waits for an answer: of TCP that it is accepted. 0, the negative errno, or undefined where none comes. Blocks. */
  answer(milliseconds: number): number | undefined {
    const watch = new DataView(new ArrayBuffer(8));
    watch.setInt32(0, this.#fd, true);
    watch.setInt16(4, this.protocol === "tcp" ? POLLOUT : POLLIN, true);
    const wait = new BigInt64Array([0n, BigInt(milliseconds) * 1_000_000n]);
    if (kernel.ppoll(new Uint8Array(watch.buffer), 1n, wait, null, 0n) <= 0) return undefined;
    const error = new Int32Array(1), length = new Int32Array([4]);
    const bytes = new Uint8Array(error.buffer);
    kernel.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, bytes, new Uint8Array(length.buffer));
    return -(error[0] ?? 0);
  }

  [Symbol.dispose](): void {
    // Closed at once: nobody is to wait for what we have to say.
    const linger = new Int32Array([1, 0]);
    kernel.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, new Uint8Array(linger.buffer), 8);
    close(this.#fd);
  }
}

function checked(what: string, result: number): number {
  if (result >= 0) return result;
  throw new KumaError("KUMA-TP-046", `${what}: ${errnoText(result)}`);
}

/** struct sockaddr_in, or sockaddr_in6. */
function nameOf(family: Family, { address, port }: SocketEnd): Uint8Array<ArrayBuffer> {
  const bytes = mappedAddress(address);
  const name = new Uint8Array(family === "ipv4" ? 16 : 28);
  new DataView(name.buffer).setUint16(0, AF[family], true);
  new DataView(name.buffer).setUint16(2, port);
  if (family === "ipv4") name.set(bytes.subarray(12), 4);
  else name.set(bytes, 8);
  return name;
}
