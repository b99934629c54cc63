/**
 * Leases of the system namespace that are spoken of in more than one room.
 *
 * @module
 */

/** The Lease that kuma-controller leads with, beside Kuma's control plane, and the one of that control plane. */
export const LEASES = { own: "kuma-controller-leader", ofKuma: "cp-leader-lease" } as const;
