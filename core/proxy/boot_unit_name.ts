/** Name of the systemd unit; apart, as every run looks whether there is one. */
export const BOOT_UNIT = "kuma-transparent-proxy.service";
