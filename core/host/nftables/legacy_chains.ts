/**
 * Chains of iptables-legacy's nat table, asked of the kernel: netfilter_ipv4/ip_tables.h and
 * netfilter_ipv6/ip6_tables.h. Only names are read: whether Docker's DNS chain, or one of ours, is there.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import { close } from "../libc.ts";
import { systemCalls } from "../system_call.ts";

const kernel = systemCalls({
  socket: ["i32", "i32", "i32"],
  getsockopt: ["i32", "i32", "i32", "buffer", "buffer"],
});

const SOCK_RAW = 3, SOCK_CLOEXEC = 0o2000000, IPPROTO_RAW = 255;
/** `IPT_SO_GET_INFO` and `IPT_SO_GET_ENTRIES`; IPv6 has the same numbers. */
const GET_INFO = 64, GET_ENTRIES = 65;
/** Bytes of the table's name, which both questions begin with. */
const NAME = 32;
const FAMILY = {
  /** Address family, level of the options, and bytes of `ipt_ip` and `ip6t_ip6`, which entries begin with. */
  ipv4: { domain: 2, level: 0, match: 84 },
  ipv6: { domain: 10, level: 41, match: 136 },
} as const;

/**
 * Names of the chains that are not built in; undefined where the kernel does not tell. Ask only where the table
 * is known to exist: the question makes it.
 */
export function legacyNatChains(family: Family): string[] | undefined {
  const { domain, level, match } = FAMILY[family];
  const fd = kernel.socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fd < 0) return undefined;
  try {
    const ask = (option: number, size: number): DataView<ArrayBuffer> | undefined => {
      const bytes = new Uint8Array(size);
      bytes.set(new TextEncoder().encode("nat"));
      if (option === GET_ENTRIES) new DataView(bytes.buffer).setUint32(NAME, size - NAME - 8, true);
      const result = kernel.getsockopt(fd, level, option, bytes, new Uint32Array([size]));
      return result < 0 ? undefined : new DataView(bytes.buffer);
    };
    // struct ipt_getinfo: name, hooks, 5 entries, 5 underflows, number of entries, their size.
    const info = ask(GET_INFO, NAME + 52);
    if (info === undefined) return undefined;
    const size = info.getUint32(NAME + 48, true);
    // struct ipt_get_entries: name, size, padding to eight, entries.
    const entries = ask(GET_ENTRIES, NAME + 8 + size);
    return entries === undefined
      ? undefined
      : chainNames(new DataView(entries.buffer, NAME + 8), match);
  } finally {
    close(fd);
  }
}

/** A chain begins with an entry whose target is `ERROR` and carries its name (`xt_error_target`). */
function chainNames(entries: DataView<ArrayBuffer>, match: number): string[] {
  const names: string[] = [];
  const text = (at: number): string => {
    const bytes = new Uint8Array(entries.buffer, entries.byteOffset + at, 30);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  };
  for (let at = 0; at + match + 8 <= entries.byteLength;) {
    // Behind the match: a word for the cache, then where the target and where the next entry begins.
    const target = at + entries.getUint16(at + match + 4, true);
    const next = entries.getUint16(at + match + 6, true);
    // struct xt_entry_target: size, name, revision; then the chain's name.
    if (target + 62 <= entries.byteLength && text(target + 2) === "ERROR") {
      names.push(text(target + 32));
    }
    if (next === 0) break;
    at += next;
  }
  // The last entry of a table is one as well, and no chain.
  return names.filter((name) => name !== "ERROR");
}
