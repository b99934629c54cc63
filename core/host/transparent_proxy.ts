/**
 * Making a host or a pod transparent, checking that it is, and taking it back: the one edge that kumactl
 * and the CNI plugin share.
 *
 * Known limits: legacy tables, once used, stay (empty) until their network namespace ends; `::6/128` stays
 * on the loopback interface.
 *
 * @module
 */
export { installTransparentProxy } from "./transparent_proxy_install.ts";
export { uninstallTransparentProxy } from "./transparent_proxy_uninstall.ts";
export { checkTransparentProxy } from "./transparent_proxy_check.ts";
export type {
  HostOptions,
  HostReport,
  InstallOptions,
  UninstallOptions,
} from "./transparent_proxy_options.ts";
