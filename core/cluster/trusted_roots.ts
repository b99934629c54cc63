/**
 * Which certificate authorities a TLS client believes.
 *
 * @module
 */

/**
 * Makes `caCerts` of a client all that it trusts, as Kubernetes' own client does. The runtime adds them to a
 * list of its own (the web's public authorities, or those that `DENO_TLS_CA_STORE` and `DENO_CERT` name),
 * and any of these could then vouch for an API server. Reading no list also saves some milliseconds.
 *
 * Call it before the first TLS connection: the list is made once in a process.
 */
export function trustNoOtherRoots(): void {
  Deno.env.set("DENO_TLS_CA_STORE", "");
  Deno.env.delete("DENO_CERT");
}
