import { decimal, MAX_PORT } from "./numbers.ts";
import { refused, shown } from "./echo.ts";

/**
 * Reads one port, 1 to 65535, blanks around it allowed.
 *
 * @throws KumaError `KUMA-TP-001`, in the words of Kuma 2.9.
 */
export function parsePort(text: string): number {
  const port = decimal(text.trim(), MAX_PORT);
  if (port === undefined || port === 0) throw badPort(text);
  return port;
}

/**
 * Reads a comma list of ports; blanks around items are allowed, empty items are skipped, so that the
 * empty string is the empty list. Order and duplicates are kept.
 *
 * @throws KumaError `KUMA-TP-001` for the first item that is no port.
 */
export function parsePorts(text: string): number[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "").map(parsePort);
}

/** The error for something that is no port. */
export function badPort(text: string): Error {
  return refused(
    "KUMA-TP-001",
    `value '${shown(text)}' is not a valid port (uint16 in the range [1, 65535])`,
  );
}
