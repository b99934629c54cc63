/**
 * The firewall of this netns, each family and flavour looked at when it is first asked for, and once.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Family } from "core/proxy/resolved.ts";
import { EMPTY_STATE, type SavedState } from "core/rules/saved.ts";
import type { Children } from "./children.ts";
import { NftError, saysNeverNfTables, saysNoNfTables } from "../nftables/nft_error.ts";
import type { OpenNetlink } from "../nftables/netlink_calls.ts";
import { NftSocket } from "../nftables/socket.ts";
import { isUnusable } from "../run.ts";
import { type NftObjects, nftObjects } from "./nft_objects.ts";
import { legacyTables } from "./legacy_tables.ts";
import { listRules } from "./list_rules.ts";
import type { ToolFinder, Tools } from "./tools.ts";
import type { Flavour } from "./version.ts";

/** One family of one flavour: what writes to it, and what it holds. */
export interface FirewallView {
  readonly tools: Tools;
  readonly state: SavedState;
}

/** How to look. */
export interface ViewsOptions {
  /** Asks the kernel for its nf_tables. */
  readonly ask?: typeof askNft;
  /** Whether listings say what rules have counted. */
  readonly counters?: boolean;
}

/** Looks, and remembers what it saw. */
export class Views {
  readonly finder: ToolFinder;
  readonly #children: Children;
  readonly #seen = new Map<string, Promise<FirewallView | string>>();
  readonly #ask: typeof askNft;
  readonly #counters: boolean;
  readonly #nft = new Map<Family, NftObjects | NftError>();

  constructor(
    children: Children,
    finder: ToolFinder,
    { ask = askNft, counters = false }: ViewsOptions = {},
  ) {
    this.#children = children;
    this.finder = finder;
    this.#ask = ask;
    this.#counters = counters;
  }

  /**
   * What iptables programs of this flavour list; words where they are missing, or the kernel has not what they need.
   *
   * @throws {KumaError} `KUMA-TP-203` they cannot list what may be there.
   */
  get(family: Family, flavour: Flavour): Promise<FirewallView | string> {
    const key = `${family} ${flavour}`;
    let view = this.#seen.get(key);
    if (view === undefined) {
      view = this.#look(family, flavour);
      this.#seen.set(key, view);
    }
    return view;
  }

  /**
   * Begins to list what will be asked for: the programs of several families and flavours then run side by side, and while
   * this one goes on. Whoever asks gets the same answer, or the same failure.
   */
  begin(family: Family, flavour: Flavour): void {
    this.get(family, flavour).catch(() => {});
  }

  /** The same through programs that a person named; they take the place of those that are found. */
  async through(tools: Tools): Promise<FirewallView | string> {
    const view = await this.#list(tools);
    if (typeof view !== "string") {
      this.#seen.set(`${tools.family} ${tools.flavour}`, Promise.resolve(view));
    }
    return view;
  }

  /** The tables of iptables-nft that exist; undefined where there is no nf_tables, or this process may not ask. */
  nftObjects(family: Family): NftObjects | undefined {
    const answer = this.#askNft(family);
    return answer instanceof NftError ? undefined : answer;
  }

  #askNft(family: Family): NftObjects | NftError {
    const answer = this.#nft.get(family) ?? this.#ask(family);
    this.#nft.set(family, answer);
    return answer;
  }

  /** Whether a flavour has tables at all; undefined where the kernel does not tell. */
  hasTables(family: Family, flavour: Flavour): boolean | undefined {
    const tables = this.#tables(family, flavour);
    return tables === undefined ? undefined : Object.keys(tables).length > 0;
  }

  #tables(family: Family, flavour: Flavour): NftObjects | readonly string[] | undefined {
    return flavour === "nft" ? this.nftObjects(family) : legacyTables(family);
  }

  async #look(family: Family, flavour: Flavour): Promise<FirewallView | string> {
    const tools = await this.finder.find(family, flavour);
    return typeof tools === "string" ? tools : await this.#list(tools);
  }

  async #list(tools: Tools): Promise<FirewallView | string> {
    try {
      const known = this.#tables(tools.family, tools.flavour);
      if (known !== undefined && Object.keys(known).length === 0) {
        return { tools, state: EMPTY_STATE };
      }
      // Not before it is needed: a pod with nftables never lists iptables' rules.
      const [text, { parseSave }] = await Promise.all([
        listRules(this.#children, tools, known, this.#counters),
        import("core/rules/parse_save.ts"),
      ]);
      return { tools, state: parseSave(text) };
    } catch (error) {
      if (isUnusable(error)) return errorText(error);
      // Anything else (a refusal, no process left, too long a listing) is no sign that there is nothing to list.
      const failed = error instanceof KumaError && error.code === "KUMA-TP-203";
      const absent = tools.flavour === "nft" && saysNoNfTables(this.#askNft(tools.family));
      if (failed && absent) return errorText(error);
      throw error;
    }
  }
}

/**
 * Asks the kernel now; gives the error back where it has no nf_tables, or this process may not ask.
 *
 * @throws {KumaError} `KUMA-TP-210` it does not answer.
 */
export function askNft(family: Family, open?: OpenNetlink): NftObjects | NftError {
  try {
    using netlink = new NftSocket(open);
    return nftObjects(netlink, family);
  } catch (error) {
    if (saysNeverNfTables(error)) return error;
    throw error;
  }
}
