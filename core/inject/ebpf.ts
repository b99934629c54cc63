/**
 * eBPF instead of iptables: whether, and the paths that the loader needs. The mode makes kuma-init privileged
 * and mounts the node's folders, so only whoever operates the mesh switches it on and names the paths. Kuma 2.9
 * lets every pod do so.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { Settings } from "./settings/table.ts";
import { wrongValue } from "core/grammar/go_text.ts";
import type { Inputs } from "./inputs.ts";

/** The eBPF mode of one pod. */
export interface EbpfOptions {
  readonly bpffsPath: string;
  readonly cgroupPath: string;
  readonly tcAttachIface: string;
  readonly programsSourcePath: string;
  readonly instanceIpVariable: string;
  /** The pod itself names the variable. */
  readonly instanceIpAnnotated: boolean;
}

/** What a ConfigMap says about the mode, and how it is called. */
export interface EbpfDocument {
  readonly enabled: boolean;
  readonly source: string;
  /** It is in the system namespace. A ConfigMap beside the pod is anybody's who may make pods there. */
  readonly ofOperator: boolean;
}

/** Annotations that become host paths or programs of a privileged container, and what decides instead. */
const OPERATORS = [
  [ANNOTATIONS.transparentProxyingEbpfBpfFsPath, "ebpfBpffsPath"],
  [ANNOTATIONS.transparentProxyingEbpfCgroupPath, "ebpfCgroupPath"],
  [ANNOTATIONS.transparentProxyingEbpfProgramsSourcePath, "ebpfProgramsSourcePath"],
] as const;

/**
 * Resolves the mode, `undefined` where it is off. A ConfigMap stands in for the setting; the pod can switch the
 * mode off, and only that. What of its annotations is passed over is warned about.
 */
export function ebpfOptions(inputs: Inputs, document?: EbpfDocument): EbpfOptions | undefined {
  for (const [annotation, setting] of OPERATORS) {
    const own = inputs.text(annotation) ?? "";
    if (own !== "" && own !== inputs.settings[setting]) warnIgnored(inputs, annotation);
  }
  if (!isOn(inputs, document)) return undefined;
  const variable = value(
    inputs,
    "transparentProxyingEbpfInstanceIpEnvVarName",
    "ebpfInstanceIpVariable",
    VARIABLE,
  );
  return {
    bpffsPath: inputs.setting(ANNOTATIONS.transparentProxyingEbpfBpfFsPath, "ebpfBpffsPath"),
    cgroupPath: inputs.setting(ANNOTATIONS.transparentProxyingEbpfCgroupPath, "ebpfCgroupPath"),
    tcAttachIface: value(
      inputs,
      "transparentProxyingEbpfTcAttachIface",
      "ebpfTcAttachIface",
      INTERFACE,
    ),
    programsSourcePath: inputs.setting(
      ANNOTATIONS.transparentProxyingEbpfProgramsSourcePath,
      "ebpfProgramsSourcePath",
    ),
    instanceIpVariable: variable,
    instanceIpAnnotated:
      (inputs.text(ANNOTATIONS.transparentProxyingEbpfInstanceIpEnvVarName) ?? "") !== "",
  };
}

function isOn(inputs: Inputs, document: EbpfDocument | undefined): boolean {
  const name = ANNOTATIONS.transparentProxyingEbpf;
  const setting = { enabled: inputs.settings.ebpf, source: inputs.origin("ebpf") };
  const { enabled, source } = document ?? setting;
  const allowed = document === undefined || document.ofOperator || setting.enabled;
  if (enabled && !allowed) inputs.warnings.push(`ebpf.enabled of ${source} ${IGNORED}`);
  const own = inputs.switch(name);
  if (own === true && !(enabled && allowed)) warnIgnored(inputs, name);
  return inputs.prefer(
    "eBPF",
    name,
    own === true ? undefined : own,
    enabled && allowed,
    allowed ? source : setting.source,
  );
}

/** Short: a warning of an admission answer has 120 characters. */
const IGNORED = "is ignored: only the operator's settings decide";

function warnIgnored(inputs: Inputs, annotation: string): void {
  inputs.warnings.push(`annotation ${annotation} ${IGNORED}`);
}

/** A grammar, and what it is called in an error. */
interface Grammar {
  readonly pattern: RegExp;
  readonly hint: string;
}

const VARIABLE: Grammar = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
  hint: "use the name of an environment variable",
};
/** The kernel's limits: 15 bytes, no slash, no blank. */
const INTERFACE: Grammar = {
  pattern: /^[A-Za-z0-9_.@-]{1,15}$/,
  hint: "use the name of a network interface",
};

/** Names of settings that are texts. */
type TextSetting = {
  [Name in keyof Settings]: Settings[Name] extends string ? Name : never;
}[keyof Settings];

/** The annotation's text where it is not empty, else the setting's. */
function value(
  inputs: Inputs,
  annotation: keyof typeof ANNOTATIONS,
  setting: TextSetting,
  grammar: Grammar,
): string {
  const name = ANNOTATIONS[annotation];
  const text = inputs.text(name) ?? "";
  if (text !== "" && !grammar.pattern.test(text)) throw wrongValue(name, text, grammar.hint);
  const own = text === "" ? undefined : text;
  return inputs.prefer(name, name, own, inputs.settings[setting], inputs.origin(setting));
}
