/**
 * The programs of iptables that one operation finds and runs. Apart from the session, as most pods and many hosts are set
 * up without.
 *
 * @module
 */
import type { Children } from "../firewall/children.ts";
import { Restorer } from "../firewall/restore.ts";
import { ToolFinder } from "../firewall/tools.ts";
import { Views } from "../firewall/views.ts";
import type { Session } from "./session.ts";

const FINDERS = new WeakMap<Children, ToolFinder>();
const VIEWS = new WeakMap<object, Views>();

/** What iptables' programs list, each once as long as the session's sight is the same. */
export function viewsOf(session: Session): Views {
  const { sight, children, counters } = session;
  const known = VIEWS.get(sight);
  if (known !== undefined) return known;
  const views = new Views(children, finderOf(session), { counters });
  VIEWS.set(sight, views);
  return views;
}

/** What feeds rules to them. */
export function restorerOf(session: Session): Restorer {
  const { children, patience, lockFile } = session;
  return new Restorer(children, finderOf(session), patience, lockFile);
}

function finderOf({ children, path }: Session): ToolFinder {
  const known = FINDERS.get(children);
  if (known !== undefined) return known;
  const finder = new ToolFinder(children, path);
  FINDERS.set(children, finder);
  return finder;
}
