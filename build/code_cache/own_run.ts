/**
 * What gives commands that are recorded a /run of their own. Notes of what is installed are kept there: the machine's are
 * none of ours, nor ours of the machine.
 *
 * @module
 */

/** The command line, for a mount namespace of its own. */
export const OWN_RUN = ["mount", "-t", "tmpfs", "warm-up", "/run"] as const;
