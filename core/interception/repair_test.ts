import assert from "node:assert/strict";
import type { CniPodView } from "./cni_pod.ts";
import { decideRepair, type RepairDecision, repairMessage } from "./repair.ts";
import type { CheckedPod } from "./checked_pod.ts";

const POD: CheckedPod = {
  namespace: "shop",
  name: "orders-1",
  uid: "u",
  node: "a",
  check: "failed",
  restarts: 1,
  networkSince: 10_000,
  replaceable: true,
  over: false,
  labelled: false,
};
const READY_LATER: CniPodView[] = [{ node: "a", ready: true, readySince: 20_000 }];
const READY_BEFORE: CniPodView[] = [{ node: "a", ready: true, readySince: 5000 }];
const NOT_READY: CniPodView[] = [{ node: "a", ready: false }];

const TABLE: [string, RepairDecision, RepairDecision][] = [
  ["what started too early is deleted", decideRepair(POD, READY_LATER, "delete"), {
    cause: "before-cni",
    step: "delete",
  }],
  ["or labelled", decideRepair(POD, READY_LATER, "label"), { cause: "before-cni", step: "label" }],
  ["once", decideRepair({ ...POD, labelled: true }, READY_LATER, "label"), {
    cause: "before-cni",
    step: "none",
  }],
  ["or told of", decideRepair(POD, READY_LATER, "report"), { cause: "before-cni", step: "none" }],
  [
    "in the same second the CNI came later",
    decideRepair({ ...POD, networkSince: 20_000 }, READY_LATER, "delete"),
    { cause: "before-cni", step: "delete" },
  ],
  [
    "what nobody makes anew is not deleted",
    decideRepair({ ...POD, replaceable: false }, READY_LATER, "delete"),
    { cause: "before-cni", step: "none" },
  ],
  ["nor where a new one fares the same", decideRepair(POD, NOT_READY, "delete"), {
    cause: "without-cni",
    step: "none",
  }],
  ["nor where the CNI is gone", decideRepair(POD, [], "delete"), {
    cause: "without-cni",
    step: "none",
  }],
  ["nor where the CNI was there before", decideRepair(POD, READY_BEFORE, "delete"), {
    cause: "despite-cni",
    step: "none",
  }],
  [
    "of two pods of the CNI the earlier counts",
    decideRepair(POD, [...READY_LATER, ...READY_BEFORE, ...NOT_READY], "delete"),
    { cause: "despite-cni", step: "none" },
  ],
  [
    "a CNI that does not say since when it is ready is no reason to delete",
    decideRepair(POD, [{ node: "a", ready: true }], "delete"),
    { cause: "unknown", step: "none" },
  ],
  ["nor one that is not known", decideRepair(POD, undefined, "delete"), {
    cause: "unknown",
    step: "none",
  }],
  ["a pod that ends is left alone", decideRepair({ ...POD, over: true }, READY_LATER, "delete"), {
    step: "none",
  }],
  [
    "so is one whose check has not ended",
    decideRepair({ ...POD, check: "pending", labelled: true }, READY_LATER, "label"),
    { step: "none" },
  ],
  [
    "a label goes when the check has passed",
    decideRepair(
      { ...POD, check: "passed", labelled: true },
      READY_LATER,
      "label",
    ),
    { step: "unlabel" },
  ],
  [
    "which only who labels takes away",
    decideRepair(
      { ...POD, check: "passed", labelled: true },
      READY_LATER,
      "delete",
    ),
    { step: "none" },
  ],
];

for (const [name, found, expected] of TABLE) {
  Deno.test(`repair: ${name}`, () => assert.deepEqual(found, expected));
}

Deno.test("the message says what to do", () => {
  const of = (pod: CheckedPod, cause: RepairDecision["cause"], step: RepairDecision["step"]) =>
    repairMessage(pod, { ...(cause && { cause }), step });
  assert.match(
    of(POD, "before-cni", "delete"),
    /node a: the pod started before the CNI was ready there$/,
  );
  assert.match(of(POD, "before-cni", "none"), /Delete it, so that/);
  assert.match(of({ ...POD, replaceable: false }, "before-cni", "none"), /and create it anew$/);
  assert.match(of(POD, "without-cni", "none"), /no pod of the CNI is ready there$/);
  assert.match(of(POD, "despite-cni", "none"), /see the log of its pod/);
});
