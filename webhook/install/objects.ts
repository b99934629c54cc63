/**
 * Everything that a cluster needs to run the webhook.
 *
 * @module
 */
import { containerPatchDefinition } from "core/patch/crd.ts";
import { access } from "./access.ts";
import { configMap } from "./config_map.ts";
import { configurations } from "./configurations.ts";
import { deployment } from "./deployment.ts";
import { disruptionBudget } from "./disruption_budget.ts";
import { meshDefinition } from "./mesh.ts";
import { systemNamespace } from "./namespace.ts";
import type { InstallOptions } from "./options.ts";
import { service } from "./service.ts";

/**
 * The objects in the order in which `kubectl apply` has to make them: namespace and definitions first, the
 * Deployment last, since the first thing its pods do is to write their CA into the configurations.
 * There is no Mesh among them: kubectl looks all kinds up before it makes the first object, and would
 * not find one whose definition is among them.
 *
 * Beside Kuma's control plane, its own objects are left out: what is not applied by us is not deleted
 * by us either, and the configurations have entries that only the control plane answers.
 */
export function installedObjects(options: InstallOptions): object[] {
  const { namespace, document, besideKuma } = options;
  return [
    ...besideKuma ? [] : [systemNamespace(namespace), containerPatchDefinition(), meshDefinition()],
    ...access(options),
    ...document === undefined ? [] : [configMap(namespace, document)],
    service(options.service, namespace),
    disruptionBudget(namespace),
    ...besideKuma ? [] : configurations(options),
    deployment(options),
  ];
}
