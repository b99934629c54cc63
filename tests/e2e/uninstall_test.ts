/**
 * `kumactl uninstall control-plane` where Kuma itself lives in the cluster. A script stands for kubectl: the API server
 * of the tests has no controllers, without which nothing is removed; with them tests/node removes everything.
 */
import assert from "node:assert/strict";
import type { UninstallDocument } from "../../kumactl/control_plane/uninstall.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { kumactlPath } from "../kernel/kumactl.ts";
import { run } from "../support/processes.ts";

/** Answers by the words of the call, and notes what is to be deleted. */
const KUBECTL = `#!/bin/sh
case "$*" in
  "get deployment"*) echo "$DEPLOYMENT" ;;
  "get crd -o name") printf 'customresourcedefinition.apiextensions.k8s.io/%s\\n' meshes.kuma.io $DEFINITIONS ;;
  "get crd "*) echo "" ;;
  "get MutatingWebhookConfiguration"*) echo '{"webhooks":[{"clientConfig":{"service":{"name":"'$CALLED'"}}}]}' ;;
  "get ValidatingWebhookConfiguration"*) echo '{"webhooks":[{"clientConfig":{"service":{"name":"kuma-webhook"}}}]}' ;;
  "get nodes"*) echo '{"items":[]}' ;;
  "delete"*" -f -") grep -E '^(kind|  name):' >> "$NOTES" ;;
esac
`;

async function uninstall(environment: Record<string, string>, flags: string[] = []) {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/kubectl`, KUBECTL, { mode: 0o755 });
    const notes = `${dir}/notes`;
    await Deno.writeTextFile(notes, "");
    const words = ["uninstall", "control-plane", ...flags];
    const { code, stdout, stderr } = await run(kumactlPath(), words, {
      env: { PATH: `${dir}:/usr/bin:/bin`, NOTES: notes, ...environment },
    });
    assert.equal(code, 0, stderr);
    return { stdout, deleted: await Deno.readTextFile(notes) };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ALONE = { DEPLOYMENT: "", DEFINITIONS: "", CALLED: "kuma-webhook" };

Deno.test("uninstall removes namespace, definitions and configurations where Kuma is not", async () => {
  const { deleted } = await uninstall(ALONE);
  for (const kind of ["Namespace", "CustomResourceDefinition", "MutatingWebhookConfiguration"]) {
    assert.match(deleted, new RegExp(`^kind: ${kind}$`, "m"));
  }
});

Deno.test("a dry run of uninstall as a document names what would go, and nothing goes", async () => {
  const { deleted, stdout } = await uninstall(ALONE, ["--dry-run", "-o", "json"]);
  const told = checkedDocument<UninstallDocument>(
    stdout,
    "kuma.io/kumactl-uninstall-control-plane/v1",
  );
  assert.equal(deleted, "");
  assert.equal(told.dryRun, true);
  assert.ok(told.lines.includes("would remove Namespace kuma-system"), stdout);
});

for (
  const kuma of [
    { DEPLOYMENT: "deployment.apps/kuma-control-plane" },
    { DEFINITIONS: "meshtrafficpermissions.kuma.io" },
  ]
) {
  Deno.test(`uninstall keeps what Kuma uses: ${JSON.stringify(kuma)}`, async () => {
    const { deleted, stdout } = await uninstall({ ...ALONE, ...kuma });
    assert.doesNotMatch(deleted, /^kind: (Namespace|CustomResourceDefinition)$/m);
    assert.match(deleted, /^kind: Deployment$/m);
    assert.match(stdout, /^kept: namespace kuma-system and the definitions, for (kuma|mesh)/m);
  });
}

Deno.test("uninstall keeps a webhook configuration that calls Kuma's own Service", async () => {
  const { deleted, stdout } = await uninstall({ ...ALONE, CALLED: "kuma-control-plane" });
  assert.doesNotMatch(deleted, /^kind: MutatingWebhookConfiguration$/m);
  assert.match(deleted, /^kind: ValidatingWebhookConfiguration$/m);
  assert.match(stdout, /^kept: MutatingWebhookConfiguration .* calls another Service$/m);
});
