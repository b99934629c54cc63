import { BPF_CODES } from "core/errors/bpf_codes.ts";
import { CHECK_CODES } from "core/errors/check_codes.ts";
import { CNI_CODES } from "core/errors/cni_codes.ts";
import { CP_CODES } from "core/errors/cp_codes.ts";
import { CTL_CODES } from "core/errors/ctl_codes.ts";
import { HOST_CODES } from "core/errors/host_codes.ts";
import { INS_CODES } from "core/errors/ins_codes.ts";
import { type CodeText, TP_CODES } from "core/errors/tp_codes.ts";
import { WH_CODES } from "core/errors/wh_codes.ts";
import { FIREWALL_CODES } from "core/errors/firewall_codes.ts";
import { RULES_CODES } from "core/errors/rules_codes.ts";

/** Every code that a program of this repository can end with. */
export const CODES: Readonly<Record<string, CodeText>> = {
  ...TP_CODES,
  ...RULES_CODES,
  ...FIREWALL_CODES,
  ...HOST_CODES,
  ...CNI_CODES,
  ...INS_CODES,
  ...WH_CODES,
  ...CP_CODES,
  ...BPF_CODES,
  ...CTL_CODES,
  ...CHECK_CODES,
};
