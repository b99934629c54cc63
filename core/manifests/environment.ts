/**
 * The variables that webhook and controller get: what values say in the names that Kuma's chart gives them, and
 * the user's own over it. Unlike in Kuma `false`, `0` and an empty text override, too.
 *
 * @module
 */
import { ownName } from "./names.ts";
import {
  and,
  concat,
  Environment,
  type Node,
  releaseNamespace,
  text,
  value,
  when,
} from "./template/node.ts";
import { fieldVariable } from "./cni.ts";
import { imageReference, INIT_IMAGE } from "./images.ts";
import { CA_FOLDER } from "./webhook/deployment.ts";
import { SIDECAR_TAG } from "./values/cni.ts";

const RUNTIME = "KUMA_RUNTIME_KUBERNETES";
const INJECTOR = `${RUNTIME}_INJECTOR`;
const EBPF = (path: string) => value(`experimental.ebpf.${path}`);

/** What differs between the two programs. */
export interface EnvironmentParts {
  /** Secret with the webhook's certificate; empty where it makes it itself. */
  readonly certificate: Node;
  readonly tlsFolder: string;
}

/** The container's variables. */
export function systemEnvironment({ certificate, tlsFolder }: EnvironmentParts): Environment {
  const ebpf = value("experimental.ebpf.enabled");
  const set = (path: Node) => when(path, path);
  const cni = value("cni.enabled");
  const taints = and(cni, value("cni.taintController.enabled"));
  return new Environment(
    concat([
      fieldVariable("POD_NAME", "metadata.name"),
      fieldVariable("POD_NAMESPACE", "metadata.namespace"),
    ], value("controlPlane.envVarEntries")),
    {
      KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE: releaseNamespace,
      KUMA_MODE: value("controlPlane.mode"),
      KUMA_MULTIZONE_ZONE_NAME: set(value("controlPlane.zone")),
      KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: set(value("controlPlane.kdsGlobalAddress")),
      [`${RUNTIME}_CONTROL_PLANE_SERVICE_NAME`]: value("controlPlane.service.name"),
      [`${INJECTOR}_CONTROL_PLANE_URL`]: set(value("controlPlane.xds.address")),
      [`${INJECTOR}_CA_CERT_FILE`]: when(
        value("controlPlane.xds.caSecretName"),
        `${CA_FOLDER}/ca.crt`,
      ),
      [`${RUNTIME}_ADMISSION_SERVER_PORT`]: value("controlPlane.admissionServerPort"),
      [`${RUNTIME}_ADMISSION_SERVER_CERT_DIR`]: when(certificate, tlsFolder),
      // Whose writes of Dataplanes are not doubted: our controller's, and Kuma's where both are there.
      [`${RUNTIME}_ALLOWED_USERS`]: text`${account(ownName("controller"))},${
        account("kuma-control-plane")
      }`,
      [`${INJECTOR}_CNI_ENABLED`]: value("cni.enabled"),
      [`${INJECTOR}_SIDECAR_CONTAINER_IMAGE`]: imageReference(
        value("dataPlane.image.repository"),
        value("dataPlane.image.registry"),
        value("dataPlane.image.tag"),
        SIDECAR_TAG,
      ),
      KUMA_INJECTOR_INIT_CONTAINER_IMAGE: INIT_IMAGE,
      [`${INJECTOR}_BUILTIN_DNS_LOGGING`]: set(value("dataPlane.dnsLogging")),
      [`${INJECTOR}_TRANSPARENT_PROXY_CONFIGMAP_NAME`]: when(
        value("transparentProxy.configMap.enabled"),
        value("transparentProxy.configMap.name"),
      ),
      KUMA_EXPERIMENTAL_SIDECAR_CONTAINERS: set(value("experimental.sidecarContainers")),
      [`${RUNTIME}_NODE_TAINT_CONTROLLER_ENABLED`]: when(taints, "true"),
      [`${RUNTIME}_NODE_TAINT_CONTROLLER_CNI_APP`]: when(cni, ownName("cni")),
      [`${RUNTIME}_NODE_TAINT_CONTROLLER_CNI_NAMESPACE`]: when(cni, value("cni.namespace")),
      [`${RUNTIME}_CONTROLLER_REPAIR`]: when(cni, value("controller.repair")),
      [`${INJECTOR}_EBPF_ENABLED`]: when(ebpf, "true"),
      [`${INJECTOR}_EBPF_INSTANCE_IP_ENV_VAR_NAME`]: when(ebpf, EBPF("instanceIPEnvVarName")),
      [`${INJECTOR}_EBPF_BPFFS_PATH`]: when(ebpf, EBPF("bpffsPath")),
      [`${INJECTOR}_EBPF_CGROUP_PATH`]: when(ebpf, EBPF("cgroupPath")),
      [`${INJECTOR}_EBPF_TC_ATTACH_IFACE`]: when(
        and(ebpf, EBPF("tcAttachIface")),
        EBPF("tcAttachIface"),
      ),
      [`${INJECTOR}_EBPF_PROGRAMS_SOURCE_PATH`]: when(ebpf, EBPF("programsSourcePath")),
    },
    value("controlPlane.envVars"),
  );
}

const account = (name: Node): Node => text`system:serviceaccount:${releaseNamespace}:${name}`;
