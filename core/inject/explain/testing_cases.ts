/**
 * What decided the fields of ten pods.
 *
 * @module
 */
import type { InjectionCase } from "../testing/cases_model.ts";

const INJECTOR = "runtime.kubernetes.injector";

/** A field, a part of its value, and a part of what decided it. */
type ExplainedField = readonly [path: string, value: string, source: string];

/** Ten pods: a case's input, and some of its fields. Written from the rules of injection, by hand. */
export const BY_HAND: [string, Partial<InjectionCase>, readonly ExplainedField[]][] = [
  ["defaults", {}, [
    ["metadata.labels[kuma.io/mesh]", "default", "no label names another"],
    ["metadata.annotations[kuma.io/sidecar-injected]", "true", "always"],
    [
      "metadata.annotations[kubectl.kubernetes.io/default-container]",
      "app",
      "the pod has only this container",
    ],
    [
      "spec.containers[kuma-sidecar].image",
      "kuma/kuma-dp:latest",
      `default of ${INJECTOR}.sidecarContainer.image`,
    ],
    [
      "spec.containers[kuma-sidecar].args[--concurrency]",
      "--concurrency=2",
      `default of ${INJECTOR}.sidecarContainer.resources.limits.cpu, at least 2`,
    ],
    ["spec.containers[kuma-sidecar].env[POD_NAME]", "metadata.name", "always"],
    [
      "spec.initContainers[kuma-init].name",
      "kuma-init",
      `default of ${INJECTOR}.cniEnabled`,
    ],
    ["spec.volumes[kuma-init-tmp]", "emptyDir", "always"],
  ]],
  ["a mesh by label, a user by setting", {
    labels: { "kuma.io/mesh": "blue" },
    injector: { sidecarContainer: { uid: 1000 } },
  }, [
    [
      "spec.containers[kuma-sidecar].env[KUMA_DATAPLANE_MESH]",
      "blue",
      "the pod's label kuma.io/mesh",
    ],
    [
      "metadata.annotations[kuma.io/sidecar-uid]",
      "1000",
      `setting case: ${INJECTOR}.sidecarContainer.uid`,
    ],
    [
      "spec.initContainers[kuma-init].args[--kuma-dp-user]",
      "--kuma-dp-user=1000",
      `setting case: ${INJECTOR}.sidecarContainer.uid`,
    ],
  ]],
  ["variables of setting and pod", {
    injector: { sidecarContainer: { envVars: { A: "1", POD_NAME: "fixed" } } },
    annotations: { "kuma.io/sidecar-env-vars": "B=2;KUMA_DNS_ENABLED=maybe" },
  }, [
    [
      "spec.containers[kuma-sidecar].env[A]",
      "1",
      `setting case: ${INJECTOR}.sidecarContainer.envVars`,
    ],
    [
      "spec.containers[kuma-sidecar].env[POD_NAME]",
      "fixed",
      `setting case: ${INJECTOR}.sidecarContainer.envVars`,
    ],
    ["spec.containers[kuma-sidecar].env[B]", "2", "annotation kuma.io/sidecar-env-vars"],
    [
      "spec.containers[kuma-sidecar].env[KUMA_DNS_ENABLED]",
      "maybe",
      "annotation kuma.io/sidecar-env-vars",
    ],
  ]],
  ["exclusions", {
    injector: { sidecarTraffic: { excludeInboundPorts: [22] } },
    annotations: {
      "traffic.kuma.io/exclude-outbound-tcp-ports-for-uids": "443:1234",
      "traffic.kuma.io/exclude-outbound-udp-ports-for-uids": "53:1234",
    },
  }, [
    [
      "spec.initContainers[kuma-init].args[--exclude-inbound-ports]",
      "--exclude-inbound-ports=22,9001",
      `traffic.kuma.io/exclude-inbound-ports: setting case: ${INJECTOR}.sidecarTraffic.` +
      `excludeInboundPorts; application probe proxy port: default of ${INJECTOR}.` +
      "applicationProbeProxyPort",
    ],
    [
      "spec.initContainers[kuma-init].args[--exclude-outbound-ports-for-uids]",
      "tcp:443:1234",
      "annotation traffic.kuma.io/exclude-outbound-udp-ports-for-uids",
    ],
  ]],
  ["a gateway with the CNI", {
    injector: { cniEnabled: true },
    annotations: { "kuma.io/gateway": "enabled" },
  }, [
    [
      "metadata.annotations[k8s.v1.cni.cncf.io/networks]",
      "kuma-cni",
      `setting case: ${INJECTOR}.cniEnabled`,
    ],
    [
      "metadata.annotations[kuma.io/virtual-probes]",
      "disabled",
      "a delegated gateway has none",
    ],
    [
      "spec.containers[kuma-sidecar].env[KUMA_APPLICATION_PROBE_PROXY_PORT]",
      "0",
      "virtual probes are off and the pod names no port",
    ],
  ]],
  ["a native sidecar", { settings: { experimental: { sidecarContainers: true } } }, [
    [
      "spec.initContainers[kuma-sidecar].restartPolicy",
      "Always",
      "setting case: experimental.sidecarContainers",
    ],
    [
      "spec.initContainers[kuma-sidecar].startupProbe.periodSeconds",
      "5",
      `default of ${INJECTOR}.sidecarContainer.startupProbe.periodSeconds`,
    ],
    [
      "spec.initContainers[kuma-sidecar].lifecycle.preStop.exec.command",
      "killall",
      "setting case: experimental.sidecarContainers",
    ],
  ]],
  ["eBPF by the operator", {
    injector: { ebpf: { enabled: true, bpffsPath: "/run/bpf" } },
  }, [
    [
      "spec.initContainers[kuma-init].securityContext.privileged",
      "true",
      "setting case: runtime.kubernetes.injector.ebpf.enabled",
    ],
    [
      "spec.volumes[bpf-fs]",
      "/run/bpf",
      "setting case: runtime.kubernetes.injector.ebpf.bpffsPath",
    ],
    ["spec.volumes[sys-fs-cgroup]", "/sys/fs/cgroup", `default of ${INJECTOR}.ebpf.cgroupPath`],
  ]],
  ["probes and a token", {
    spec: {
      containers: [{
        name: "app",
        image: "x",
        livenessProbe: { tcpSocket: { port: 80 } },
        volumeMounts: [{
          name: "t",
          mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
        }],
      }],
      volumes: [{ name: "t", emptyDir: {} }],
    },
    annotations: { "kuma.io/application-probe-proxy-port": "9100" },
  }, [
    [
      "spec.containers[app].livenessProbe.httpGet.path",
      "/tcp/80",
      "application probe proxy port: annotation kuma.io/application-probe-proxy-port; ",
    ],
    [
      "spec.containers[kuma-sidecar].volumeMounts[t]",
      '"name":"t"',
      "the first mount of the token in the pod's containers",
    ],
  ]],
  ["two patches, by annotation", {
    annotations: { "kuma.io/container-patches": "p,q" },
    patches: {
      p: {
        sidecarPatch: [
          { op: "add", path: "/tty", value: "true" },
          { op: "replace", path: "/resources/limits/cpu", value: '"2"' },
        ],
      },
      q: {
        sidecarPatch: [{ op: "replace", path: "/resources/limits/cpu", value: '"3"' }],
        initPatch: [{ op: "remove", path: "/env" }],
      },
    },
  }, [
    [
      "spec.containers[kuma-sidecar].tty",
      "true",
      "ContainerPatch p (annotation kuma.io/container-patches)",
    ],
    [
      "spec.containers[kuma-sidecar].resources.limits[cpu]",
      "3",
      "ContainerPatch q (annotation kuma.io/container-patches)",
    ],
    [
      "spec.initContainers[kuma-init].env",
      "(removed)",
      "ContainerPatch q (annotation kuma.io/container-patches)",
    ],
    ["spec.containers[kuma-sidecar].name", "kuma-sidecar", "always"],
  ]],
  ["a ConfigMap", {
    injector: { transparentProxyConfigMap: "tproxy" },
    annotations: { "traffic.kuma.io/drop-invalid-packets": "true" },
    configMaps: {
      "kuma-system/tproxy": {
        "config.yaml": "{ipFamilyMode: ipv4, redirect: {dns: {enabled: true}}}",
      },
    },
  }, [
    [
      "metadata.annotations[kuma.io/transparent-proxying-ip-family-mode]",
      "ipv4",
      "ConfigMap kuma-system/tproxy",
    ],
    [
      "spec.containers[kuma-sidecar].env[KUMA_DNS_ENABLED]",
      "true",
      "ConfigMap kuma-system/tproxy",
    ],
    [
      "spec.initContainers[kuma-init].args[--config]",
      "--config",
      `setting case: ${INJECTOR}.transparentProxyConfigMap`,
    ],
  ]],
];
