/**
 * The documentation's commands, for tests that do what it says.
 *
 * @module
 */

/** The one block of shell commands that holds this text. Throws where there is none or more than one. */
export function documentedCommands(text: string, file = "docs/webhook.md"): string {
  const page = Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url));
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const found = blocks.filter((block) => block.includes(text));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${file} has ${found.length} blocks of commands with "${text}"`);
  }
  return only;
}
