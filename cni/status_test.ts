import assert from "node:assert/strict";
import { privilegesOf } from "core/host/privileges.ts";
import { parseNetConf } from "core/cni/net_conf.ts";
import { status } from "./status.ts";

const conf = parseNetConf(
  '{"name":"n","kubernetes":{"kubeconfig":"/no/such/file"}}',
);
const may = (mask: string) => privilegesOf(0, BigInt(`0x${mask}`));

Deno.test("STATUS is well while the kubeconfig is not there yet: the installer may be starting", () => {
  status(conf, may("000001ffffffffff"));
});

Deno.test("STATUS fails where no ADD can ever work", () => {
  assert.throws(() => status(conf, may("0000000000001000")), {
    message: /CAP_SYS_ADMIN/,
  });
  assert.throws(() => status(conf, may("0")), { message: /CAP_NET_ADMIN/ });
  assert.throws(
    () => status(parseNetConf('{"name":"n"}'), may("1ffffffffff")),
    {
      message: /kubeconfig/,
    },
  );
});
