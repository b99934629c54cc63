import type { CodeText } from "./tp_codes.ts";

/** The `KUMA-BPF-…` codes, of the eBPF programs and their loader: what each means and what to do. */
export const BPF_CODES = {
  "KUMA-BPF-001": {
    title: "A pod has more exclusions for users than the eBPF programs look at",
    todo: "Write neighbouring ports as ranges, or use iptables for this pod.",
  },
} as const satisfies Readonly<Record<string, CodeText>>;
