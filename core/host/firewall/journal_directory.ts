/**
 * Where journals are kept, one file a network namespace. Not in `/run/kuma`: a systemd unit with
 * `RuntimeDirectory=kuma` gives that one to the user of kuma-dp, who could then forge what root reads back.
 */
export const JOURNAL_DIRECTORY = "/run/kuma-transparent-proxy";
