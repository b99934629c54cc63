/**
 * What tests of config files share: the corpus of config files and generators of made-up ones.
 *
 * @module
 */
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { fileURLToPath } from "node:url";
import { byteText } from "core/conflist/byte_text.ts";
import type { PluginEntry } from "core/conflist/edit.ts";

/** An entry such as the installer writes. */
export const ENTRY: PluginEntry = {
  cniVersion: "0.3.1",
  name: "kuma-cni",
  type: "kuma-cni",
  log_level: "info",
  kubernetes: {
    kubeconfig: "/etc/cni/net.d/ZZZ-kuma-cni-kubeconfig",
    cni_bin_dir: "/opt/cni/bin",
    exclude_namespaces: ["kube-system", "namespace-ü"],
  },
};

/** The same after an upgrade that changed a value. */
export const OTHER_ENTRY: PluginEntry = { ...ENTRY, log_level: "debug" };

/** The corpus: config files as plugins write them (own data), by name, as byte text. */
export function corpus(): { name: string; text: string }[] {
  const dir = fileURLToPath(new URL("./testdata", import.meta.url));
  return [...Deno.readDirSync(dir)].map((file) => ({
    name: file.name,
    text: byteText(Deno.readFileSync(`${dir}/${file.name}`)),
  })).sort((a, b) => a.name < b.name ? -1 : 1);
}

const blanks = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(" ", "\n", "\n  ", "\r\n\t", "  \n\n    "),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("/* , ] */", " // [{,\n", "/*x*/ \n // y\r\n  "),
  },
);
const strictBlanks = fc.constantFrom(
  "",
  "",
  " ",
  "\n",
  "\n  ",
  "\r\n\t",
  "  \n\n    ",
  "\r",
);

function joined(
  parts: string[],
  gaps: string[],
  trailing: boolean,
  at = 0,
): string {
  const gap = (index: number) => gaps[(index + at) % gaps.length] ?? "";
  if (parts.length === 0) return gap(0);
  const body = parts.map((part, index) => `${gap(2 * index)}${part}${gap(2 * index + 1)}`);
  return body.join(",") + (trailing ? `,${gap(3)}` : "");
}

const scalar = fc.oneof(
  fc.string({ unit: anyCharacter }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "0",
    "-0",
    "1.50e+3",
    "12345678901234567890",
    "true",
    "null",
    '"\\u00e9<&>"',
  ),
);

/** Texts of config lists without an entry of ours; `strict` ones are JSON, the others also have comments. */
export function lists(strict: boolean): fc.Arbitrary<string> {
  const member = fc.tuple(fc.string({ maxLength: 5 }), scalar).map((
    [key, value],
  ) => `${JSON.stringify(`x-${key}`)}: ${value}`);
  const gaps = fc.array(strict ? strictBlanks : blanks, {
    minLength: 1,
    maxLength: 7,
  });
  const plugin = fc.record({
    type: fc.constantFrom(
      "bridge",
      "portmap",
      "calico",
      "kuma-cni2",
      "Kuma-CNI",
    ),
    members: fc.array(member, { maxLength: 3 }),
    gaps,
    trailing: strict ? fc.constant(false) : fc.boolean(),
  }).map(({ type, members, gaps, trailing }) =>
    `{${joined([`"type":"${type}"`, ...members], gaps, trailing)}}`
  );
  return fc.record({
    bom: strict ? fc.constant("") : fc.constantFrom("", "", "", "\ufeff"),
    plugins: fc.array(plugin, { minLength: strict ? 1 : 0, maxLength: 5 }),
    before: fc.array(member, { maxLength: 3 }),
    after: fc.array(member, { maxLength: 2 }),
    gaps,
    shift: fc.nat(6),
    trailing: strict ? fc.constant(false) : fc.boolean(),
  }).map(({ bom, plugins, before, after, gaps, shift, trailing }) => {
    const list = `"plugins":${gaps[0] ?? ""}[${
      joined(plugins, gaps, trailing && plugins.length > 0, shift)
    }]`;
    const name = `"name": "generated"`;
    const text = `{${joined([...before, name, list, ...after], gaps, trailing, shift + 1)}}`;
    return byteText(
      new TextEncoder().encode(`${bom}${gaps.at(-1)}${text}${gaps[0]}`),
    );
  });
}
