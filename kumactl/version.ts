/** The version that `kumactl version` prints. */
export const VERSION = "0.1.0";
/** The release of Kuma whose behaviour this program follows. */
export const KUMA_VERSION = "2.9";
