/**
 * Making a host or a pod transparent, checking that it is, and taking it back: the one edge that kumactl
 * and the CNI plugin share.
 *
 * Known limits: legacy tables, once used, stay (empty) until their network namespace ends; `::6/128` stays
 * on the loopback interface.
 *
 * @module
 */
export { installTransparentProxy } from "./install.ts";
export { uninstallTransparentProxy } from "./uninstall.ts";
export { checkTransparentProxy } from "./check.ts";
export type { HostOptions, HostReport, InstallOptions, UninstallOptions } from "./options.ts";
export { type InstallRecord, type InstallRecords, openRecord, readRecords } from "./record.ts";
export { type HostStatus, statusOfTransparentProxy, type StatusOptions } from "./status.ts";
