/**
 * Whether a DaemonSet's pods may run on a node, by its node selector and required node affinity. Taints are
 * left out: a taint that comes later makes nobody uninstall.
 *
 * @module
 */

/** What the rules look at. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Requirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface Term {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}

interface PodSpec {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly Term[];
      };
    };
  };
}

/** True when `spec.template` of the DaemonSet lets its pods onto the node. */
export function targets(daemonSet: Readonly<Record<string, unknown>>, node: NodeFacts): boolean {
  const spec = (daemonSet as { spec?: { template?: { spec?: PodSpec } } }).spec?.template?.spec;
  const selected = Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) =>
    node.labels[key] === value
  );
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms;
  return selected && (terms === undefined || terms.some((term) => matches(term, node)));
}

/** A term's requirements hold together; an empty term matches nothing (Kubernetes API, NodeSelectorTerm). */
function matches(term: Term, node: NodeFacts): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((one) => holds(one, node.labels[one.key ?? ""])) &&
    matchFields.every((one) => holds(one, one.key === "metadata.name" ? node.name : undefined));
}

function holds(requirement: Requirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return true;
  }
}
