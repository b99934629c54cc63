/**
 * Who resolves names on this host.
 *
 * @module
 */
import { ALWAYS_SECTIONS } from "core/check/host_always.ts";
import { failed, ok, outcomeOf, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { dnsServersOf } from "core/host/transparent_proxy/facts.ts";
import { silentLogger } from "core/log/logger.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { dnsLoops, dnsLoopText } from "../dns_loop.ts";
import type { HostSubject } from "./subject.ts";

/** The section; a namespace elsewhere has another resolv.conf, which is not here. */
export function resolverSection({ document, elsewhere, resolved }: HostSubject): Section {
  const { dns } = document.redirect;
  return section("resolver", ALWAYS_SECTIONS.resolver, {
    "resolver-servers": async () => {
      if (!dns.enabled || dns.captureAll || elsewhere) return undefined;
      const config = await resolved().catch(() => undefined);
      if (config === undefined) return undefined;
      try {
        const servers = FAMILIES.flatMap((family) => dnsServersOf(config, family, silentLogger));
        if (servers.length > 0) return ok(servers.join(", "));
        return warning(`${dns.resolvConfigPath} names no server: DNS is not redirected`);
      } catch (error) {
        return outcomeOf(error, ["KUMA-TP-209"]);
      }
    },
    "resolver-loop": () => {
      if (!dns.enabled || !dns.captureAll || elsewhere) return undefined;
      const loops = dnsLoops(document);
      if (loops.length === 0) return ok();
      const texts = loops.map((loop) => dnsLoopText(loop, document));
      const [first] = texts;
      const better = first === undefined ? {} : { todo: first.mend };
      // Where nobody listens yet, it is not known whose queries they would be.
      const say = loops.some(({ uid }) => uid !== undefined) ? failed : warning;
      return say(texts.map(({ what }) => what), better);
    },
  });
}
