/**
 * The part of the table that is about Kuma's own resources: their labels, their owners, who may write
 * them.
 *
 * @module
 */
import { NAMES, SWITCH, TEXT } from "core/settings/kinds.ts";
import { at } from "core/settings/setting.ts";

const RUNTIME = "KUMA_RUNTIME_KUBERNETES";

/** These lines; `table.ts` takes them in. */
export const RESOURCE_SETTINGS = {
  zoneName: at("multizone.zone.name", "KUMA_MULTIZONE_ZONE_NAME", TEXT, "default"),
  /** A zone that has one is federated: some of its resources are a global control plane's. */
  globalAddress: at(
    "multizone.zone.globalAddress",
    "KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS",
    TEXT,
    "",
  ),
  unsafeDelete: at("store.unsafeDelete", "KUMA_STORE_UNSAFE_DELETE", SWITCH, false),
  skipMeshOwnerReference: at(
    "runtime.kubernetes.skipMeshOwnerReference",
    `${RUNTIME}_SKIP_MESH_OWNER_REFERENCE`,
    SWITCH,
    false,
  ),
  allowedUsers: at("runtime.kubernetes.allowedUsers", `${RUNTIME}_ALLOWED_USERS`, NAMES, []),
  /** The control plane's own user; older than `allowedUsers`. */
  serviceAccountName: at(
    "runtime.kubernetes.serviceAccountName",
    `${RUNTIME}_SERVICE_ACCOUNT_NAME`,
    TEXT,
    "system:serviceaccount:kuma-system:kuma-control-plane",
  ),
} as const;
