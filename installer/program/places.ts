/**
 * Where the installer's own files lie. All paths are those of this container, if not named otherwise.
 *
 * The state folder is inside the net dir, since that is a host directory that the chart mounts writable
 * anyway, and since it shares its file system and its fate: what the notes describe are files of this
 * directory, and where a reboot empties it, the notes have to go with it. Runtimes read only files in
 * it, so a folder is invisible to them; temporary files in there do not wake their directory watch.
 *
 * @module
 */
import { LOG_SOCKET_NAME } from "core/log/wire.ts";
import type { Settings } from "../settings/settings.ts";

/** Name of the plugin's program. */
export const PROGRAM = "kuma-cni";

/** Name of the state folder in the net dir. */
const STATE_FOLDER = ".kuma-cni";

/** The files that the installer owns in the net dir. */
export interface Places {
  readonly netDir: string;
  readonly state: string;
  readonly journal: string;
  readonly lock: string;
  readonly successor: string;
  readonly kubeconfig: string;
  /** The kubeconfig as the plugin on the host sees it. */
  readonly hostKubeconfig: string;
  readonly logSocket: string;
  /** The log socket as the plugin on the host sees it. */
  readonly hostLogSocket: string;
}

/** The places for these settings. */
export function placesOf(settings: Settings): Places {
  const { mounted, host } = settings.netDir;
  const state = `${mounted}/${STATE_FOLDER}`;
  return {
    netDir: mounted,
    state,
    journal: `${state}/journal.json`,
    lock: `${state}/lock`,
    successor: `${state}/successor`,
    kubeconfig: `${mounted}/${settings.kubeconfigName}`,
    hostKubeconfig: `${host}/${settings.kubeconfigName}`,
    logSocket: `${state}/${LOG_SOCKET_NAME}`,
    hostLogSocket: `${host}/${STATE_FOLDER}/${LOG_SOCKET_NAME}`,
  };
}
