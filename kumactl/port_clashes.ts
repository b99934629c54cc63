import type { TransparentProxyConfig } from "core/proxy/config.ts";

/** Ports that two kinds of traffic are redirected to, a sentence each: one listener of Envoy cannot be both. */
export function portClashes({ redirect }: TransparentProxyConfig): string[] {
  const kinds = [
    { name: "inbound", ...redirect.inbound },
    { name: "outbound", ...redirect.outbound },
    { name: "DNS", ...redirect.dns },
  ].filter(({ enabled }) => enabled);
  return kinds.flatMap((one, at) =>
    kinds.slice(at + 1).filter(({ port }) => port === one.port).map((other) =>
      `${one.name} and ${other.name} are both redirected to port ${one.port}, where one program listens`
    )
  );
}
