/** What kuma-ebpf-loader prints for programs, on a real kernel. */
import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { requires } from "tests/support/requires.ts";
import type {
  CheckDocument,
  LoadDocument,
  UnloadDocument,
} from "../../ebpf-loader/load_command.ts";
import type { PodAddDocument, PodRemoveDocument } from "../../ebpf-loader/pod_commands.ts";
import { LoaderLab } from "./loader_lab.ts";

const test = requires("root", "netns", "bpf-build", "cgroup2");

test(
  "each command of the loader prints a document of its schema",
  { sanitizeResources: false },
  async () => {
    await using lab = await LoaderLab.create();
    const json = async (...words: string[]) => await lab.must(...words, "-o", "json");

    const check = checkedDocument<CheckDocument>(
      await json("check", `--cgroup-path=${lab.cgroup}`),
      "kuma.io/kuma-ebpf-loader-check/v1",
    );
    assert.equal(check.works, true);
    assert.ok(check.findings.some(({ about, is }) => about === "cgroup" && is === lab.cgroup));

    const yaml = await lab.must("load", "-o", "yaml");
    const loaded = checkedDocument<LoadDocument>(
      yaml,
      "kuma.io/kuma-ebpf-loader-load/v1",
      "yaml",
    );
    assert.deepEqual([loaded.cgroup, loaded.isRootCgroup], [lab.cgroup, false]);

    const added = checkedDocument<PodAddDocument>(
      await json("pod", "add", `--netns=${lab.netns}`, "--name=demo/web"),
      "kuma.io/kuma-ebpf-loader-pod-add/v1",
    );
    const { pods } = await lab.status();
    assert.deepEqual([added.name, added.netns], ["demo/web", pods[0]?.netns]);

    for (const changed of [true, false]) {
      const removed = checkedDocument<PodRemoveDocument>(
        await json("pod", "remove", "--name=demo/web"),
        "kuma.io/kuma-ebpf-loader-pod-remove/v1",
      );
      assert.deepEqual([removed.name, removed.changed], ["demo/web", changed]);
    }
    const unloaded = checkedDocument<UnloadDocument>(
      await json("unload"),
      "kuma.io/kuma-ebpf-loader-unload/v1",
    );
    assert.deepEqual([unloaded.changed, unloaded.unreachable], [true, []]);
  },
);
