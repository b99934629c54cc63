/**
 * One socket at a time, with what `Lab` has no need of: names of both ends, datagrams without connect(2), IPv4 in
 * sockets of IPv6, resets.
 *
 * @module
 */
import {
  ADDRESS_FAMILY,
  decodeEndpoint,
  encodeEndpoint,
  type Endpoint,
  SOCKADDR_SIZE,
} from "tests/support/traffic/endpoint.ts";
import { withinNamespace } from "tests/support/traffic/namespaces.ts";
import { pollReadable, Watch } from "tests/support/traffic/poll.ts";
import { asUser, checked, ERRNO, errno, libc } from "tests/support/traffic/socket_calls.ts";

const SOCK_STREAM = 1, SOCK_DGRAM = 2, NON_BLOCKING = 0o4000, CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_ERROR = 4, SO_LINGER = 13, SO_REUSEPORT = 15;
const SOL_IP = 0, SOL_IPV6 = 41, IPV6_V6ONLY = 26, SO_ORIGINAL_DST = 80;
const PATIENCE_MS = 3000;

/** What a socket is made for. */
export interface SocketSpec {
  readonly ns: string;
  readonly protocol?: "tcp" | "udp";
  readonly family?: "ipv4" | "ipv6";
  /** Who uses it. */
  readonly uid?: number;
}

/** A socket that never blocks; its calls wait by poll(2), at most three seconds. */
export class Socket implements Disposable {
  #open = true;

  private constructor(readonly fd: number, readonly spec: SocketSpec) {}

  /** Makes one. */
  static create(spec: SocketSpec): Socket {
    const { ns, protocol = "tcp", family = "ipv4", uid = 0 } = spec;
    const type = (protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM) | NON_BLOCKING | CLOEXEC;
    const make = () => checked("socket", libc().socket(ADDRESS_FAMILY[family], type, 0));
    return new Socket(withinNamespace(ns, () => asUser(uid, make)), spec);
  }

  /** Listens at an address, or any of the family; `dual` is IPv6 that takes IPv4, too. */
  static listen(
    spec: SocketSpec & {
      port: number;
      address?: string;
      backlog?: number;
      reusePort?: boolean;
      dual?: boolean;
    },
  ): Socket {
    const socket = Socket.create(spec);
    const family = spec.family ?? "ipv4";
    if (spec.reusePort === true) socket.#set(SOL_SOCKET, SO_REUSEPORT, [1]);
    if (family === "ipv6") socket.#set(SOL_IPV6, IPV6_V6ONLY, [spec.dual === true ? 0 : 1]);
    socket.bind({
      address: spec.address ?? (family === "ipv4" ? "0.0.0.0" : "::"),
      port: spec.port,
    });
    if (spec.protocol !== "udp") checked("listen", libc().listen(socket.fd, spec.backlog ?? 4096));
    return socket;
  }

  /** Gives it a name of its own. */
  bind(endpoint: Endpoint): void {
    this.#set(SOL_SOCKET, SO_REUSEADDR, [1]);
    const name = encodeEndpoint(endpoint);
    checked("bind", libc().bind(this.fd, name, name.length));
  }

  /** Begins to connect; gives the errno, 0 where it is under way. An address `::ffff:a.b.c.d` is IPv4 in IPv6. */
  start(to: Endpoint): number {
    const name = encodeEndpoint(to);
    const error = asUser(
      this.spec.uid ?? 0,
      () => libc().connect(this.fd, name, name.length) < 0 ? errno() : 0,
    );
    return error === ERRNO.EINPROGRESS ? 0 : error;
  }

  /** Connects; gives the errno, 0 for success, -1 where nothing happened. */
  connect(to: Endpoint, patienceMs: number = PATIENCE_MS): number {
    const error = this.start(to);
    if (error !== 0 || this.spec.protocol === "udp") return error;
    const watch = new Watch(this.fd, "out");
    pollReadable([watch], patienceMs);
    return watch.ready ? this.#get(SOL_SOCKET, SO_ERROR) : -1;
  }

  /** The next connection; undefined where none comes. */
  accept(patienceMs: number = PATIENCE_MS): Socket | undefined {
    if (!this.#readable(patienceMs)) return undefined;
    const fd = libc().accept4(this.fd, null, null, NON_BLOCKING | CLOEXEC);
    return fd < 0 ? undefined : new Socket(fd, this.spec);
  }

  /** Where the connection was going, asked as Envoy does; undefined where nobody knows. */
  get original(): Endpoint | undefined {
    for (const level of [SOL_IP, SOL_IPV6]) {
      const name = new Uint8Array(128);
      const size = Uint32Array.of(name.length);
      if (libc().getsockopt(this.fd, level, SO_ORIGINAL_DST, name, size) >= 0) {
        return decodeEndpoint(name.slice(0, size[0]));
      }
    }
    return undefined;
  }

  /** Its own end. */
  get name(): Endpoint {
    const name = new Uint8Array(SOCKADDR_SIZE);
    checked("getsockname", libc().getsockname(this.fd, name, Uint32Array.of(SOCKADDR_SIZE)));
    return decodeEndpoint(name);
  }

  /** The other end. */
  get peer(): Endpoint {
    const name = new Uint8Array(SOCKADDR_SIZE);
    checked("getpeername", libc().getpeername(this.fd, name, Uint32Array.of(SOCKADDR_SIZE)));
    return decodeEndpoint(name);
  }

  /** How many segments with data it has sent (`tcpi_data_segs_out` of tcp(7)'s TCP_INFO). */
  get segmentsSent(): number {
    const IPPROTO_TCP = 6, TCP_INFO = 11, AT = 156;
    const info = new Uint8Array(256);
    const size = Uint32Array.of(info.length);
    checked("getsockopt", libc().getsockopt(this.fd, IPPROTO_TCP, TCP_INFO, info, size));
    return new DataView(info.buffer).getUint32(AT, true);
  }

  /** Says that nothing more comes. */
  shutdown(): void {
    const SHUT_WR = 1;
    checked("shutdown", libc().shutdown(this.fd, SHUT_WR));
  }

  /** Sends all of a text, to `to` where it is not connected. */
  send(text: string, to?: Endpoint): void {
    const bytes = new TextEncoder().encode(text);
    const name = to === undefined ? null : encodeEndpoint(to);
    const sent = asUser(
      this.spec.uid ?? 0,
      () => libc().sendto(this.fd, bytes, BigInt(bytes.length), 0, name, name?.length ?? 0),
    );
    if (checked("sendto", sent) !== bytes.length) throw new Error("sent only in part");
  }

  /** What comes next and from whom; undefined where nothing comes. An empty text is the end of a connection. */
  receive(
    patienceMs: number = PATIENCE_MS,
  ): { text: string; from: Endpoint | undefined } | undefined {
    if (!this.#readable(patienceMs)) return undefined;
    const bytes = new Uint8Array(65536), name = new Uint8Array(SOCKADDR_SIZE);
    const size = Uint32Array.of(SOCKADDR_SIZE);
    const count = libc().recvfrom(this.fd, bytes, BigInt(bytes.length), 0, name, size);
    const text = new TextDecoder().decode(bytes.subarray(0, checked("recvfrom", count)));
    return { text, from: (size[0] ?? 0) > 0 ? decodeEndpoint(name) : undefined };
  }

  /** Closes it; with a reset instead of a farewell where asked. */
  close(reset = false): void {
    if (!this.#open) return;
    this.#open = false;
    if (reset) this.#set(SOL_SOCKET, SO_LINGER, [1, 0]);
    libc().close(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readable(patienceMs: number): boolean {
    const watch = new Watch(this.fd, "in");
    pollReadable([watch], patienceMs);
    return watch.ready;
  }

  #set(level: number, option: number, values: readonly number[]): void {
    const value = Int32Array.from(values);
    checked("setsockopt", libc().setsockopt(this.fd, level, option, value, value.byteLength));
  }

  #get(level: number, option: number): number {
    const value = new Int32Array(1);
    checked("getsockopt", libc().getsockopt(this.fd, level, option, value, Uint32Array.of(4)));
    return value[0] ?? 0;
  }
}
