/**
 * The README's commands, for tests that do what it says.
 *
 * @module
 */

const README = new URL("../../README.md", import.meta.url);

/** The one block of shell commands that holds this text. Throws where there is none or more than one. */
export function readmeCommands(text: string): string {
  const readme = Deno.readTextFileSync(README);
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const found = blocks.filter((block) => block.includes(text));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`The README has ${found.length} blocks of commands with "${text}"`);
  }
  return only;
}
