/**
 * The part of docs/metrics.md about logs: where each program writes, in which form, and what its fields are called.
 *
 * @module
 */

const LOGS = `## Logs

A line is an event with fields. As \`json\` it is one object; as \`text\` it has time, level, logger, message and the fields as JSON, with tabs
between. Tokens are taken out before a line is written.

| Program | Where | Form | Level |
|---|---|---|---|
| \`install-cni\`, and \`kuma-cni\` by way of it | standard output; where no installer listens, \`/var/run/kuma-cni/kuma-cni.log\` on the node | \`CNI_LOG_FORMAT\`: text (default), json | \`CNI_LOG_LEVEL\`; \`install-cni log-level\` while it runs |
| \`kuma-webhook\`, \`kuma-controller\` | standard error | \`--log-format\`: json (default), text | \`--log-level\` |
| \`kuma-ebpf-loader run\` | standard error; events of pods to standard output | \`--log-format\`: json (default), text | \`--log-level\`; \`--events-per-second\` |
| \`kumactl\` | results to standard output, warnings and errors to standard error | lines for people; \`-o json\` and \`-o yaml\` for programs | \`--verbose\` |

| Field | What it says |
|---|---|
| \`ts\` | when: ISO 8601 in UTC, with milliseconds |
| \`level\` | debug, info, warn, error |
| \`logger\` | the program: \`kuma-cni\`, \`install-cni\`, \`kuma-webhook\`, … |
| \`msg\` | what happened; the same words each time, so that it can be searched for |
| \`error\`, \`reason\` | why, in one line with all its causes |
| \`code\` | the error code, which \`kumactl explain\` knows |
| \`pod\` | \`namespace/name\` |
| \`node\` | name of a node |
| \`command\`, \`containerID\` | of the plugin: the CNI verb and the sandbox |
| \`duration_ms\` | how long it took, in milliseconds |
| \`field.…\` | a field that has one of the first four names |
`;

/** The section. */
export function logsSection(): string {
  return LOGS;
}
