/**
 * Whether somebody works on this machine over SSH.
 *
 * @module
 */
import type { ResolvedConfig } from "core/proxy/resolved.ts";
import { readProcFile } from "./proc.ts";
import { askForSockets } from "./sock_diag.ts";

/** What to tell before the firewall is changed where {@linkcode endangersSsh}. */
export const SSH_WARNING =
  "about to change the firewall: the open SSH session may drop, and no new one " +
  "may be possible; --exclude-inbound-ports 22 leaves SSH alone";

const SSH_PORT = 22;
/** `TCP_ESTABLISHED` of /proc/net/tcp (net/tcp_states.h). */
const ESTABLISHED = "01";

/**
 * Whether an SSH session into this network namespace is open that the rules could end: one that is open now is
 * not redirected, but where its port is, it cannot be opened again; and a packet without a known connection is dropped
 * where that is asked for.
 */
export function endangersSsh(
  config: ResolvedConfig,
  sessions = () => hasSession(SSH_PORT),
): boolean {
  const { inbound: { enabled, includePorts, excludePorts }, dropInvalidPackets } = config;
  const excluded = excludePorts.includes(SSH_PORT);
  const included = includePorts.length === 0 || includePorts.includes(SSH_PORT);
  const redirected = enabled && included && !(includePorts.length === 0 && excluded);
  return (redirected || dropInvalidPackets) && sessions();
}

/** `TCPDIAG_GETSOCK`: the older request, for both families in one walk through the table; bytes of `inet_diag_req`. */
const TCPDIAG_GETSOCK = 18, REQUEST = 60;

/** Whether a connection to this local port is established, in the netns that the main thread is in. */
export function hasSession(port: number): boolean {
  const asked = askForSockets(TCPDIAG_GETSOCK, REQUEST, (request) => {
    request.setUint16(4, port, false);
    request.setUint32(52, 1 << Number(ESTABLISHED), true);
  });
  return asked === undefined ? listsSession(port) : asked.length > 0;
}

/** The same by the kernel's lists, which are slower. */
export function listsSession(port: number): boolean {
  return ["tcp", "tcp6"].some((file) => {
    try {
      return hasEstablished(readProcFile(`/proc/thread-self/net/${file}`), port);
    } catch (error) {
      // IPv6 is switched off.
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

/** Reads the text of /proc/net/tcp: whether a connection to this local port is established. proc_net_tcp.txt. */
export function hasEstablished(text: string, port: number): boolean {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text.split("\n").some((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return local?.endsWith(end) === true && state === ESTABLISHED;
  });
}
