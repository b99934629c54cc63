import assert from "node:assert/strict";
import {
  close,
  datagramSocket,
  effectiveUserId,
  ERRNO,
  errnoText,
  fileSystemType,
  holdAbstractName,
  mount,
  openReadOnly,
  setns,
  unwritable,
} from "./libc.ts";

// The library stays open for the life of the process: opened here, it is no test's leak.
effectiveUserId();

Deno.test("a failed call gives the negative errno", () => {
  assert.equal(openReadOnly("/no-such-file-of-this-test"), -ERRNO.ENOENT);
  assert.equal(close(999_999), -9);
  assert.equal(fileSystemType(999_999), -9);
  assert.equal(mount("/no", "/no-such-dir-of-this-test", "none", 4096) < 0, true);
});

Deno.test("errnoText gives words for either sign", () => {
  assert.equal(errnoText(-ERRNO.ENOENT), "no such file or directory");
  assert.equal(errnoText(ERRNO.EPERM), "operation not permitted");
  assert.equal(errnoText(-4095), "errno 4095");
});

Deno.test("fileSystemType tells procfs from others", () => {
  const proc = openReadOnly("/proc/version");
  assert.ok(proc >= 0);
  assert.equal(fileSystemType(proc), 0x9fa0);
  assert.equal(close(proc), 0);
  const netns = openReadOnly("/proc/self/ns/net");
  assert.equal(fileSystemType(netns), 0x6e736673);
  assert.equal(close(netns), 0);
});

Deno.test("what cannot be written to says why", () => {
  const [writable, gone] = [openReadOnly(Deno.makeTempDirSync()), 999_999];
  assert.equal(unwritable(writable), undefined);
  assert.equal(close(writable), 0);
  assert.equal(unwritable(gone), "bad file descriptor");
});

Deno.test("setns refuses what is no namespace", () => {
  const fd = openReadOnly("/proc/version");
  assert.equal(setns(fd, 0x40000000), -ERRNO.EINVAL);
  close(fd);
});

Deno.test("a path with NUL never reaches the kernel", () => {
  assert.throws(() => openReadOnly("/proc\0/x"), TypeError);
});

Deno.test("effectiveUserId agrees with the runtime", () => {
  assert.equal(effectiveUserId(), Deno.uid());
});

Deno.test("datagramSocket opens and closes", () => {
  const fd = datagramSocket(2);
  assert.ok(fd > 2);
  assert.equal(close(fd), 0);
});

Deno.test("holdAbstractName gives a name to one socket at a time", () => {
  const name = `kuma-test-${crypto.randomUUID()}`;
  const fd = holdAbstractName(name);
  assert.ok(fd >= 0);
  assert.equal(holdAbstractName(name), -ERRNO.EADDRINUSE);
  assert.match(Deno.readTextFileSync("/proc/net/unix"), new RegExp(`@${name}$`, "m"));
  assert.equal(close(fd), 0);
  const again = holdAbstractName(name);
  assert.ok(again >= 0);
  close(again);
});

Deno.test("a result is the call's own, whatever the runtime does between two calls", () => {
  const fd = openReadOnly("/proc/version");
  const kept: unknown[] = [];
  for (let round = 0; round < 2000; round++) {
    // Objects for the collector, and calls of the runtime's own that fail in other ways.
    kept.push(Array.from({ length: 50 }, (_, at) => ({ at, round })));
    if (round % 100 === 0) kept.length = 0;
    if (round % 20 === 0) assert.throws(() => Deno.statSync("/proc/version/x"));
    assert.equal(openReadOnly("/no-such-file-of-this-test"), -ERRNO.ENOENT);
    assert.equal(setns(fd, 0x40000000), -ERRNO.EINVAL);
    assert.equal(close(999_999), -9);
  }
  close(fd);
});
