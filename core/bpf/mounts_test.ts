import assert from "node:assert/strict";
import { cgroup2Mount, parseMounts } from "./mounts.ts";

const HYBRID = [
  "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw",
  "40 31 0:37 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory",
  "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
  "50 23 0:40 / /mnt/with\\040blank rw - bpf bpf rw",
  "",
].join("\n");

Deno.test("mounts are read with their escapes, and lines that are none left out", () => {
  assert.deepEqual(
    parseMounts(`${HYBRID}\nnonsense\n`).map(({ path, type }) => `${type} ${path}`),
    [
      "tmpfs /sys/fs/cgroup",
      "cgroup /sys/fs/cgroup/memory",
      "cgroup2 /sys/fs/cgroup/unified",
      "bpf /mnt/with blank",
    ],
  );
});

Deno.test("control groups of version 2 are found at, below and beside what was asked for", () => {
  const mounts = parseMounts(HYBRID);
  for (
    const path of ["/sys/fs/cgroup/unified", "/sys/fs/cgroup", "/sys/fs/cgroup/", "/elsewhere"]
  ) {
    assert.equal(cgroup2Mount(mounts, path), "/sys/fs/cgroup/unified", path);
  }
  const two = [...mounts, { path: "/host/cgroup", type: "cgroup2" }];
  assert.equal(cgroup2Mount(two, "/host/cgroup"), "/host/cgroup");
  assert.equal(cgroup2Mount([], "/sys/fs/cgroup"), undefined);
});
