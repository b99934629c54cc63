/**
 * One name of the table of annotations, apart: whoever only names it loads nothing else.
 *
 * @module
 */

/** Which IP families of a pod are intercepted. */
export const FAMILY_ANNOTATION = "kuma.io/transparent-proxying-ip-family-mode";
