import { difference as row, type DifferenceSection } from "./difference.ts";

/** Configuration documents: the transparent proxy's, and the control plane's. */
export const DOCUMENTS: DifferenceSection = {
  title: "Configuration documents",
  differences: [
    row(
      "a key that is there twice, also in two spellings (`redirect`, `Redirect`)",
      "taken; which one counts depends on the spelling",
      "refused with both lines (KUMA-TP-014)",
      "a number that nobody chose must not become a rule",
      "remove one of them",
    ),
    row(
      "a key ahead of a merge key (`<<`) that brings the same key",
      "the one that comes last",
      "refused (KUMA-TP-014)",
      "YAML itself says that the mapping's own key counts",
      "write `<<` first",
    ),
    row(
      "`port: 017`",
      "15, an octal number of YAML 1.1",
      "15 too, with a warning",
      "most people mean 17",
      "write `15`, or `17`",
    ),
    row(
      "further documents behind `---`",
      "ignored in silence",
      "ignored with a warning",
      "somebody wrote them for a purpose",
      "keep one document",
    ),
    row(
      "unknown keys",
      "ignored in silence",
      "ignored with a warning that names the nearest known key",
      "a mistyped key does nothing",
    ),
    row(
      "`excludePorts: null`, and `port: null`",
      "refused",
      "the same as if the key were not there",
      "so it is for every other key",
    ),
    row(
      "documents of more than 64 KiB, 16 levels or 20,000 values",
      "taken",
      "refused (KUMA-TP-016, -014)",
      "a pod's annotation can hold one, and root reads it",
    ),
  ],
};
