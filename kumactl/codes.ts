import { HOST_CODES } from "core/errors/host_codes.ts";
import { type CodeText, TP_CODES } from "core/errors/tp_codes.ts";
import { FIREWALL_CODES } from "core/host/firewall/codes.ts";
import { RULES_CODES } from "core/rules/codes.ts";

/** Every code that a command of kumactl can end with. */
export const CODES: Readonly<Record<string, CodeText>> = {
  ...TP_CODES,
  ...RULES_CODES,
  ...FIREWALL_CODES,
  ...HOST_CODES,
};
