import assert from "node:assert/strict";
import { readSettings } from "./settings.ts";
import { variablesHelp } from "core/settings/variables.ts";
import { VARIABLES } from "./settings_table.ts";

Deno.test("without any variable, the defaults are Kuma's", () => {
  const settings = readSettings({});
  assert.equal(settings.chained, true);
  assert.equal(settings.confName, "");
  assert.deepEqual(settings.netDir, { host: "/etc/cni/net.d", mounted: "/host/etc/cni/net.d" });
  assert.equal(settings.kubeconfigName, "ZZZ-kuma-cni-kubeconfig");
  assert.equal(settings.caFile, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
  assert.equal(settings.checkIntervalMs, 1000);
  assert.equal(settings.tokenIntervalMs, 60_000);
  assert.equal(settings.stay, true);
  assert.equal(settings.readyFile, "/tmp/ready");
});

Deno.test("booleans take the words of Go", () => {
  for (const word of ["1", "t", "T", "true", "TRUE", "True"]) {
    assert.equal(readSettings({ SLEEP: word }).stay, true);
  }
  for (const word of ["0", "f", "F", "false", "FALSE", "False"]) {
    assert.equal(readSettings({ SLEEP: word }).stay, false);
  }
});

Deno.test("a bad value is refused by its name", () => {
  const bad: Record<string, string[]> = {
    CHAINED_CNI_PLUGIN: ["", "yes", "tRUE"],
    CNI_CONF_NAME: ["../x.conf", "a/b", "..", "x\n.conf"],
    CNI_NET_DIR: ["", "etc/cni"],
    KUBECFG_FILE_NAME: ["", "a/b"],
    KUBERNETES_SERVICE_PROTOCOL: ["", "ftp"],
    CFGCHECK_INTERVAL: ["", "0", "-1", "1.5", "x"],
    REFRESH_SA_TOKEN_INTERVAL: ["", "0"],
    CNI_HTTP_PORT: ["65536", ""],
    CNI_LOG_LEVEL: ["", "verbose"],
    CNI_ON_EXIT: ["", "delete"],
    CNI_FIREWALL_BACKEND: ["", "nft"],
    CNI_EBPF_BPFFS_PATH: ["sys/fs/bpf"],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.throws(
        () => readSettings({ [name]: value }),
        (error: { code?: string; message?: string }) =>
          error.code === "KUMA-INS-010" && error.message?.includes(name) === true,
        `${name}=${value}`,
      );
    }
  }
});

Deno.test("slashes at the end of a directory go, the root stays", () => {
  assert.equal(readSettings({ CNI_NET_DIR: "/etc/cni/net.d//" }).netDir.host, "/etc/cni/net.d");
  assert.equal(readSettings({ MOUNTED_HOST_ROOT: "/" }).hostRoot, "/");
});

Deno.test("the help names every variable once, in 80 columns", () => {
  const lines = variablesHelp(VARIABLES, 80).split("\n");
  const named = lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim());
  assert.deepEqual(named, Object.keys(VARIABLES));
  assert.deepEqual(lines.filter((line) => line.length > 80), []);
});
