/**
 * What a pod's annotations may not decide. The single annotation carries the whole configuration document,
 * which was made for a root user's own host: whoever may create a pod could else name the program that
 * kuma-cni runs on the node as root, the file that it reads there, or make it wait for ever.
 *
 * @module
 */
import { defaultConfig, type TransparentProxyConfig } from "core/proxy/config.ts";

/** The configuration within the node's limits, and what was not obeyed. */
export interface Limited {
  readonly config: TransparentProxyConfig;
  readonly warnings: readonly string[];
  /** Keys, or the start of keys, of what was not obeyed. */
  readonly overruled: readonly string[];
}

/** Most seconds, tries and milliseconds that a pod may ask for: Kuma's defaults. */
const { wait, retry, redirect, ebpf } = defaultConfig();

/**
 * Keeps everything that says what is redirected, and puts back to the default what says how the node
 * does it: programs, files, dry run, firewalld, eBPF; waiting and trying again is bounded.
 */
export function withinHostLimits(asked: TransparentProxyConfig): Limited {
  const overruled: string[] = [];
  const ignore = (name: string, differs: boolean) => {
    if (differs) overruled.push(name);
  };
  const { dns } = asked.redirect;
  ignore("iptablesExecutables", Object.keys(asked.iptablesExecutables).length > 0);
  ignore("redirect.dns.resolvConfigPath", dns.resolvConfigPath !== redirect.dns.resolvConfigPath);
  ignore("dryRun", asked.dryRun);
  ignore("storeFirewalld", asked.storeFirewalld);
  ignore("ebpf", asked.ebpf.enabled);
  const config: TransparentProxyConfig = {
    ...asked,
    cniMode: true,
    dryRun: false,
    storeFirewalld: false,
    iptablesExecutables: {},
    ebpf,
    redirect: {
      ...asked.redirect,
      dns: { ...dns, resolvConfigPath: redirect.dns.resolvConfigPath },
    },
    wait: Math.min(asked.wait, wait),
    waitInterval: Math.min(asked.waitInterval, 1_000_000),
    retry: {
      maxRetries: Math.min(asked.retry.maxRetries, retry.maxRetries),
      sleepBetweenRetries: Math.min(asked.retry.sleepBetweenRetries, retry.sleepBetweenRetries),
    },
  };
  const warnings = overruled.map((name) =>
    `${name} is ignored: a pod does not decide it for the node`
  );
  return { config, warnings, overruled };
}
