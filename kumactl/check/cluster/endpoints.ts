/**
 * The endpoints of the injector's Service.
 *
 * @module
 */
import type { ClusterReader, Found } from "core/cluster/reader.ts";
import { SERVICE_NAME_LABEL } from "core/dataplane/read_facts.ts";
import { isObject, objectsIn } from "core/patch/json.ts";
import type { CalledService } from "./webhook_facts.ts";

/** Whether each endpoint is ready. */
export async function readEndpoints(
  reader: ClusterReader,
  service: CalledService | undefined,
): Promise<Found<boolean[]>> {
  if (service === undefined) return { is: "absent" };
  const { namespace, name } = service;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${
    encodeURIComponent(namespace)
  }/endpointslices`;
  const found = await reader.list(
    path,
    // An endpoint that says nothing of it counts as ready (discovery.k8s.io/v1, EndpointConditions).
    ({ endpoints }) =>
      objectsIn(endpoints).map(({ conditions }) =>
        isObject(conditions) ? conditions.ready !== false : true
      ),
    { labelSelector: `${SERVICE_NAME_LABEL}=${name}` },
  );
  return found.is === "found" ? { is: "found", value: found.value.flat() } : found;
}
