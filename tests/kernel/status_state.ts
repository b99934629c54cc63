/**
 * A state of the transparent proxy: how it is made on a real kernel, and what `kumactl status` is to say of it.
 *
 * @module
 */

/** Installs into a namespace of a test. */
export const INSTALL = "kumactl install transparent-proxy --ip-family-mode ipv4";
/** With IPv6 where there is any. */
export const DUAL = "kumactl install transparent-proxy";
/** The other backend. */
export const NFT = "--firewall-backend nftables";
/** The other flavour. */
export const LEGACY = "--iptables-executables iptables:/usr/sbin/iptables-legacy," +
  "iptables-save:/usr/sbin/iptables-legacy-save,iptables-restore:/usr/sbin/iptables-legacy-restore";
/** What the comments of our rules begin with. */
export const COMMENT = "kuma/mesh/transparent/proxy";
/** The record of a namespace's installation. */
export const RECORD = "/run/kuma-transparent-proxy/$(stat -Lc %i /proc/self/ns/net).installed.json";
/** A way out of the namespace, so that connections meet the rules. */
export const WAY_OUT = [
  "ip link add d0 type veth peer name d1",
  "ip address add 10.7.0.1/24 dev d0",
  "ip link set d0 up",
  "ip link set d1 up",
];
/** Sends a connection there, as an application. */
export const CONNECT =
  "sh -c 'setpriv --reuid 1000 --clear-groups busybox nc -w 1 10.7.0.2 80; true'";

/** Starts a listener at a port, as a user, and waits until it is one. */
export function listen(port: number, uid: number): string {
  const hex = port.toString(16).toUpperCase();
  return `sh -c 'setpriv --reuid ${uid} --clear-groups busybox nc -l -p ${port} </dev/null >/dev/null 2>&1 & ` +
    `until grep -q :${hex} /proc/net/tcp /proc/net/tcp6; do sleep 0.05; done'`;
}

/** Gives a file of the namespace's own /etc another text; it is bound there, so it stays the same file. */
export function change(file: string, expression: string): string {
  return `sh -c 'text=$(sed "${expression}" ${file}); echo "$text" > ${file}'`;
}

/** What was done before, the arguments of the question, and its answer. */
export interface State {
  readonly name: string;
  readonly before: readonly string[];
  readonly ask?: string;
  readonly code: number;
  readonly words: RegExp;
  /** Who asks; root unless said otherwise. */
  readonly as?: string;
}
