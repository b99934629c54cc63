import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import type { Notes } from "./journal.ts";
import { NftSocket } from "../nftables/socket.ts";
import { deleteEmpty, newObjects, nftObjects } from "./nft_objects.ts";

/**
 * Takes away the nftables tables and base chains that were not there before us, as far as they are empty:
 * iptables-nft creates them and has no way to delete a table. Nothing is lost where it fails, only an
 * empty table stays.
 */
export function removeEmptyNft(before: Notes["nftBefore"], logger: Logger): void {
  if (FAMILIES.every((family) => before[family] === undefined)) return;
  try {
    using netlink = new NftSocket();
    for (const family of FAMILIES) {
      const then = before[family];
      if (then === undefined) continue;
      const now = nftObjects(netlink, family);
      const deleted = deleteEmpty(netlink, family, newObjects(then, now));
      if (deleted.length > 0) {
        logger.debug("deleted empty nftables objects", { family, deleted: deleted.join(", ") });
      }
    }
  } catch (error) {
    if (!(error instanceof KumaError && error.code === "KUMA-TP-210")) throw error;
    logger.warn(`empty tables of nftables are left behind: ${error.message}`);
  }
}
