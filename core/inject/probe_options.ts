/**
 * Which mechanism rewrites the application's probes, and on which port.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { ANNOTATIONS } from "core/kube/annotations.ts";
import { within } from "core/grammar/echo.ts";
import { type Inputs, WRITTEN_BACK } from "./inputs.ts";

/** The two settings, resolved. */
export interface ProbeOptions {
  readonly virtualProbes: boolean;
  readonly virtualProbesPort: number;
  /** 0 for none. */
  readonly proxyPort: number;
}

const MAX_PORT = 65_535;

/**
 * Resolves both; a gateway has neither, and one that asks for either is refused (`KUMA-WH-002`).
 * Virtual probes switched off by or for the pod switch the proxy off too, unless the pod names a port.
 */
export function probeOptions(inputs: Inputs, gateway: boolean): ProbeOptions {
  const virtualProbes = virtual(inputs, gateway);
  const own = within(
    WRITTEN_BACK,
    () =>
      inputs.orDocument(
        ANNOTATIONS.virtualProbesPort,
        () => inputs.uint(ANNOTATIONS.virtualProbesPort, MAX_PORT),
      ),
  );
  return {
    virtualProbes,
    virtualProbesPort: inputs.choose(
      "virtual probes port",
      ANNOTATIONS.virtualProbesPort,
      own,
      "virtualProbesPort",
    ),
    proxyPort: proxyPort(inputs, gateway, virtualProbes),
  };
}

function virtual(inputs: Inputs, gateway: boolean): boolean {
  const name = ANNOTATIONS.virtualProbes;
  const own = within(`unable to set ${name}: `, () => inputs.switch(name));
  if (!gateway) return inputs.choose("virtual probes", name, own, "virtualProbes");
  if (own === true) {
    throw new KumaError(
      "KUMA-WH-002",
      `unable to set ${name}: virtual probes can't be enabled in gateway mode`,
    );
  }
  inputs.note("virtual probes", false, "a delegated gateway has none");
  return false;
}

function proxyPort(inputs: Inputs, gateway: boolean, virtualProbes: boolean): number {
  const name = ANNOTATIONS.applicationProbeProxyPort;
  const option = "application probe proxy port";
  const own = within(`unable to set ${name}: `, () => inputs.uint(name, MAX_PORT));
  if (!virtualProbes && own === undefined) {
    inputs.note(option, 0, "virtual probes are off and the pod names no port");
    return 0;
  }
  if (!gateway) return inputs.choose(option, name, own, "probeProxyPort");
  if (own !== undefined && own > 0) {
    throw new KumaError(
      "KUMA-WH-002",
      `unable to set ${name}: application probe proxies probes can't be enabled in gateway mode`,
    );
  }
  inputs.note(option, 0, "a delegated gateway has none");
  return 0;
}
