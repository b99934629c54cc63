/**
 * eBPF instead of iptables: whether, and the paths that the loader needs.
 *
 * @module
 */
import { ANNOTATIONS } from "core/kube/annotations.ts";
import type { Settings } from "../settings/table.ts";
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
}

/** Resolves the mode, `undefined` where it is off. A ConfigMap stands in for the setting. */
export function ebpfOptions(inputs: Inputs, document?: EbpfDocument): EbpfOptions | undefined {
  const name = ANNOTATIONS.transparentProxyingEbpf;
  const { enabled, source } = document ??
    { enabled: inputs.settings.ebpf, source: inputs.origin("ebpf") };
  if (!inputs.prefer("eBPF", name, inputs.switch(name), enabled, source)) return undefined;
  const variable = value(
    inputs,
    "transparentProxyingEbpfInstanceIpEnvVarName",
    "ebpfInstanceIpVariable",
    VARIABLE,
  );
  return {
    bpffsPath: value(inputs, "transparentProxyingEbpfBpfFsPath", "ebpfBpffsPath", PATH),
    cgroupPath: value(inputs, "transparentProxyingEbpfCgroupPath", "ebpfCgroupPath", PATH),
    tcAttachIface: value(
      inputs,
      "transparentProxyingEbpfTcAttachIface",
      "ebpfTcAttachIface",
      INTERFACE,
    ),
    programsSourcePath: value(
      inputs,
      "transparentProxyingEbpfProgramsSourcePath",
      "ebpfProgramsSourcePath",
      PATH,
    ),
    instanceIpVariable: variable,
    instanceIpAnnotated:
      (inputs.text(ANNOTATIONS.transparentProxyingEbpfInstanceIpEnvVarName) ?? "") !== "",
  };
}

/** A grammar, and what it is called in an error. */
interface Grammar {
  readonly pattern: RegExp;
  readonly hint: string;
}

/** These become host paths of a privileged container: nothing that climbs, no colon that mounts split at. */
const PATH: Grammar = {
  pattern: /^(?!.*\/\.\.(\/|$))\/[^\s:$]*$/,
  hint: "use an absolute path",
};
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
