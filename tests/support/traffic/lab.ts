/**
 * Real connections through a real firewall, in one process: listeners and clients in any network
 * namespace, each socket owned by the UID it is made for, and for each flow the answer to "which listener
 * got it, and what did it learn about where it was going?".
 *
 * The owner match (net/netfilter/xt_owner.c) looks at the credentials that the socket's file was opened
 * with, and BPF programs at who connects or sends, so it is enough that the thread wears the UID for those
 * moments; no process has to be started for each user.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import { pollReadable, Watch } from "./poll.ts";
import {
  ADDRESS_FAMILY,
  decodeEndpoint,
  encodeEndpoint,
  type Endpoint,
  familyOf,
  SOCKADDR_SIZE,
} from "./endpoint.ts";
import { withinNamespace } from "./namespaces.ts";
import { asUser, checked, ERRNO, errno, libc, SocketError } from "./socket_calls.ts";

/** Transport of a flow. */
export type Protocol = "tcp" | "udp";

/** What a listener waits for. */
export interface ListenerSpec {
  readonly ns: string;
  readonly protocol: Protocol;
  readonly family: Family;
  readonly port: number;
  /**
   * Address to bind to, any of the family where it is left out. A UDP listener that is to answer needs
   * the address that packets reach it at: redirected ones from this host arrive at 127.0.0.1 or ::1, and
   * an answer from another address is not what conntrack waits for.
   */
  readonly address?: string;
  /** How results call it; `NS:PROTOCOL/PORT` where it is left out. */
  readonly label?: string;
  /** Owner of the socket, 0 where it is left out. */
  readonly uid?: number;
}

/** A listening socket. */
export interface Listener extends ListenerSpec {
  readonly label: string;
  readonly fd: number;
}

/** What a client sends. */
export interface FlowSpec {
  readonly ns: string;
  readonly uid: number;
  readonly protocol: Protocol;
  readonly to: Endpoint;
  /** Address to send from; the kernel's choice where it is left out. */
  readonly source?: string;
  /** Port to send from; the kernel's choice where it is left out. */
  readonly sourcePort?: number;
  /** UDP: it is enough to know who got it, an answer is not waited for. */
  readonly oneWay?: true;
  /** How long nothing may happen before the flow counts as silent; 500 ms where it is left out. */
  readonly patienceMs?: number;
}

/** Where a flow ended. */
export interface FlowResult {
  readonly outcome: "arrived" | "refused" | "unreachable" | "silent";
  /** Label of the listener that got it. */
  readonly listener?: string;
  /** SO_ORIGINAL_DST of the accepted connection; only TCP that the kernel redirected has one. */
  readonly original?: Endpoint;
  /** The client as the listener saw it. */
  readonly peer?: Endpoint;
  /** UDP: the listener's answer came back to the client from the address it had sent to. */
  readonly answered?: boolean;
}

const SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_ERROR = 4;
const SOL_IP = 0, SOL_IPV6 = 41, IPV6_V6ONLY = 26, SO_ORIGINAL_DST = 80;
const ONE = () => new Int32Array([1]);

/** Listeners, and the clients that are let loose on them. Closed by `using` or by `close()`. */
export class Lab implements Disposable {
  readonly #listeners: Listener[] = [];

  /** Starts a listener; datagrams are answered with their own bytes, connections are closed. */
  listen(spec: ListenerSpec): Listener {
    const fd = openSocket(spec.ns, spec.family, spec.protocol, spec.uid ?? 0);
    checked("setsockopt", libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ONE(), 4));
    if (spec.family === "ipv6") {
      checked("setsockopt", libc().setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, ONE(), 4));
    }
    const address = spec.address ?? (spec.family === "ipv4" ? "0.0.0.0" : "::");
    const name = encodeEndpoint({ address, port: spec.port });
    checked(`bind ${address}:${spec.port}`, libc().bind(fd, name, name.length));
    if (spec.protocol === "tcp") checked("listen", libc().listen(fd, 16));
    const label = spec.label ?? `${spec.ns}:${spec.protocol}/${spec.port}`;
    const listener = { ...spec, label, fd };
    this.#listeners.push(listener);
    return listener;
  }

  /** Sends one flow and waits until it is somewhere, or for `patienceMs`. */
  send(flow: FlowSpec): FlowResult {
    const family = familyOf(flow.to.address);
    const fd = openSocket(flow.ns, family, flow.protocol, flow.uid);
    try {
      if (flow.source !== undefined || flow.sourcePort !== undefined) {
        const address = flow.source ?? (family === "ipv4" ? "0.0.0.0" : "::");
        const source = encodeEndpoint({ address, port: flow.sourcePort ?? 0 });
        if (libc().bind(fd, source, source.length) < 0) return failed(errno());
      }
      const target = encodeEndpoint(flow.to);
      const error = asUser(
        flow.uid,
        () => libc().connect(fd, target, target.length) < 0 ? errno() : 0,
      );
      if (error !== 0 && error !== ERRNO.EINPROGRESS) return failed(error);
      return flow.protocol === "tcp" ? this.#tcp(flow, fd) : this.#udp(flow, fd);
    } finally {
      libc().close(fd);
    }
  }

  /** Closes every listener. */
  close(): void {
    for (const { fd } of this.#listeners.splice(0)) libc().close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #tcp(flow: FlowSpec, fd: number): FlowResult {
    const port = localEndpoint(fd).port;
    const listeners = this.#listeners.filter(({ protocol }) => protocol === "tcp");
    const watches = [
      ...listeners.map((listener) => new Watch(listener.fd, "in")),
      new Watch(fd, "out"),
    ];
    const deadline = Date.now() + (flow.patienceMs ?? 500);
    let connected = false;
    while (Date.now() < deadline) {
      // A connected client stays writable; watching it any longer would only burn the processor.
      pollReadable(connected ? watches.slice(0, -1) : watches, 20);
      for (const [index, listener] of listeners.entries()) {
        if (watches[index]?.ready !== true) continue;
        const accepted = acceptFrom(listener, port);
        if (accepted !== undefined) return accepted;
      }
      if (connected || watches.at(-1)?.ready !== true) continue;
      const error = pendingError(fd);
      if (error !== 0) return failed(error);
      connected = true;
    }
    return { outcome: "silent" };
  }

  #udp(flow: FlowSpec, fd: number): FlowResult {
    const payload = crypto.getRandomValues(new Uint8Array(16));
    if (libc().send(fd, payload, 16n, 0) < 0) return failed(errno());
    const listeners = this.#listeners.filter(({ protocol }) => protocol === "udp");
    const watches = [...listeners, { fd }].map((watched) => new Watch(watched.fd, "in"));
    const deadline = Date.now() + (flow.patienceMs ?? 500);
    let result: FlowResult = { outcome: "silent" };
    while (Date.now() < deadline) {
      pollReadable(watches, 20);
      for (const [index, listener] of listeners.entries()) {
        if (watches[index]?.ready !== true) continue;
        const peer = echo(listener.fd, payload);
        if (peer === undefined) continue;
        result = { outcome: "arrived", listener: listener.label, peer, answered: false };
        if (flow.oneWay === true) return result;
      }
      if (watches.at(-1)?.ready !== true) continue;
      const buffer = new Uint8Array(64);
      const received = libc().recvfrom(fd, buffer, 64n, 0, null, null);
      if (received < 0) return result.outcome === "arrived" ? result : failed(errno());
      return { ...result, answered: true };
    }
    return result;
  }
}

function openSocket(ns: string, family: Family, protocol: Protocol, uid: number): number {
  const type = (protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const make = () => checked("socket", libc().socket(ADDRESS_FAMILY[family], type, 0));
  return withinNamespace(ns, () => asUser(uid, make));
}

function acceptFrom(listener: Listener, clientPort: number): FlowResult | undefined {
  const name = new Uint8Array(SOCKADDR_SIZE);
  const fd = libc().accept4(listener.fd, name, new Uint32Array([SOCKADDR_SIZE]), SOCK_CLOEXEC);
  if (fd < 0) return undefined;
  try {
    const peer = decodeEndpoint(name);
    // Left over from a flow that nobody waited for any more.
    if (peer.port !== clientPort) return undefined;
    const original = originalDestination(fd, listener.family);
    const found = original === undefined ? {} : { original };
    return { outcome: "arrived", listener: listener.label, peer, ...found };
  } finally {
    libc().close(fd);
  }
}

/** Where a connection was going before the kernel redirected it; absent where conntrack knows nothing. */
function originalDestination(fd: number, family: Family): Endpoint | undefined {
  const name = new Uint8Array(SOCKADDR_SIZE);
  const level = family === "ipv4" ? SOL_IP : SOL_IPV6;
  const size = new Uint32Array([family === "ipv4" ? 16 : SOCKADDR_SIZE]);
  const result = libc().getsockopt(fd, level, SO_ORIGINAL_DST, name, size);
  return result < 0 ? undefined : decodeEndpoint(name);
}

function localEndpoint(fd: number): Endpoint {
  const name = new Uint8Array(SOCKADDR_SIZE);
  checked("getsockname", libc().getsockname(fd, name, new Uint32Array([SOCKADDR_SIZE])));
  return decodeEndpoint(name);
}

function pendingError(fd: number): number {
  const value = new Int32Array(1);
  checked("getsockopt", libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, value, new Uint32Array([4])));
  return value[0] ?? 0;
}

/** Takes one datagram and sends it back; gives its sender where it is the one that was awaited. */
function echo(fd: number, awaited: Uint8Array): Endpoint | undefined {
  const buffer = new Uint8Array(64);
  const name = new Uint8Array(SOCKADDR_SIZE);
  const size = new Uint32Array([SOCKADDR_SIZE]);
  const received = libc().recvfrom(fd, buffer, 64n, 0, name, size);
  if (received < 0) return undefined;
  libc().sendto(fd, buffer, BigInt(received), 0, name, size[0] ?? 0);
  return awaited.every((byte, index) => buffer[index] === byte) ? decodeEndpoint(name) : undefined;
}

function failed(error: number): FlowResult {
  switch (error) {
    case ERRNO.ECONNREFUSED:
    case ERRNO.ECONNRESET:
      return { outcome: "refused" };
    case ERRNO.EHOSTUNREACH:
    case ERRNO.ENETUNREACH:
    // The address to send from is not there.
    case ERRNO.EADDRNOTAVAIL:
      return { outcome: "unreachable" };
    default:
      throw new SocketError("bind or connect", error);
  }
}
