/**
 * The user whose traffic is not redirected, looked up in the host's user database as Kuma 2.9 does: in
 * /etc/passwd only, no name service.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { isDigits } from "core/grammar/characters.ts";
import { DEFAULT_KUMA_DP_UID, DEFAULT_KUMA_DP_USER } from "core/proxy/config.ts";

const CREATE =
  `create one with 'useradd -u ${DEFAULT_KUMA_DP_UID} -U ${DEFAULT_KUMA_DP_USER}', or name one that is in ` +
  "/etc/passwd with --kuma-dp-user";

/** Largest UID that the kernel gives to a user; 4294967295 means "no change" in its calls. */
const MAX_UID = 4294967294;

/**
 * UID of the kuma-dp user outside CNI mode: the value as UID, then as name; without a value UID 5678,
 * then user `kuma-dp`.
 *
 * @param value What the configuration names; empty for the default look-up.
 * @param passwd Text of /etc/passwd.
 * @throws {KumaError} `KUMA-HOST-150` no such user (message as Kuma 2.9 words it).
 */
export function lookUpUid(value: string, passwd: string): number {
  if (value === "") {
    const uid = find(passwd, String(DEFAULT_KUMA_DP_UID)) ?? find(passwd, DEFAULT_KUMA_DP_USER);
    if (uid !== undefined) return uid;
    throw new KumaError(
      "KUMA-HOST-150",
      `no UID or username provided, and user with the default UID ('${DEFAULT_KUMA_DP_UID}') ` +
        `or username ('${DEFAULT_KUMA_DP_USER}') could not be found`,
      { hint: CREATE },
    );
  }
  const uid = find(passwd, value);
  if (uid !== undefined) return uid;
  throw new KumaError(
    "KUMA-HOST-150",
    `the specified UID or username ('${value}') does not refer to a valid user on the host`,
    { hint: CREATE },
  );
}

/** Text of the user database; empty where there is none (minimal images). Throws `KUMA-HOST-151` where it cannot be read. */
export function readPasswd(path = "/etc/passwd"): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "";
    throw new KumaError("KUMA-HOST-151", `cannot read the users in ${path}: ${errorText(cause)}`, {
      cause,
    });
  }
}

interface User {
  readonly name: string;
  readonly uid: number;
}

/**
 * Lines of passwd(5) with these letters somewhere; comments, NIS markers (`+`, `-`) and malformed lines are passed over.
 * Most lines need no closer look.
 */
function usersWith(letters: string, passwd: string): User[] {
  return passwd.split("\n").flatMap((line) => {
    if (!line.includes(letters)) return [];
    const fields = line.split(":");
    const [name, , uid] = fields;
    if (fields.length < 7 || name === undefined || uid === undefined) return [];
    const marked = name === "" || "+#-".includes(name.charAt(0));
    if (marked || !isDigits(uid, 10) || Number(uid) > MAX_UID) return [];
    return [{ name, uid: Number(uid) }];
  });
}

function find(passwd: string, value: string): number | undefined {
  // A number may be written with leading zeros, in either place.
  const uid = isDigits(value, 10) ? Number(value) : undefined;
  const users = usersWith(uid === undefined ? value : String(uid), passwd);
  const byUid = uid === undefined ? undefined : users.find((user) => user.uid === uid);
  return (byUid ?? users.find((user) => user.name === value))?.uid;
}
