/**
 * Whether the service accounts of our programs may do what the manifests of this version let them do.
 *
 * @module
 */
import { failed, ok, type Outcome, unknown } from "core/check/outcome.ts";
import { valueOf } from "core/cluster/reader.ts";
import { ApiError } from "core/kube/api_error.ts";
import { cniClusterRules, cniNamespaceRules } from "core/manifests/cni.ts";
import { controllerClusterRules, controllerNamespaceRules } from "core/manifests/controller.ts";
import { evaluate, NO_SCOPE } from "core/manifests/template/evaluate.ts";
import type { Node } from "core/manifests/template/node.ts";
import { clusterRules, namespaceRules, secretRules } from "core/manifests/webhook/access.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import { nameOf, type Program } from "./program_facts.ts";
import { type ClusterSubject, unread } from "./subject.ts";

const REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
/** Reviews under way at once. */
const AT_ONCE = 8;

/** One thing that a program may do. */
interface Right {
  readonly program: Program;
  /** `resourceAttributes` of a review. */
  readonly attributes: JsonObject;
}

/** Asks about all of them; nothing where none of the programs is ours. */
export async function rights(subject: ClusterSubject): Promise<Outcome | undefined> {
  const deployments = await subject.deployments();
  const daemonSets = await subject.daemonSets();
  for (const found of [deployments, daemonSets]) {
    if (found.is === "unreadable") return unread(found);
  }
  const programs = [...valueOf(deployments) ?? [], ...valueOf(daemonSets) ?? []];
  const wanted = programs.flatMap((program) => rightsOf(program, programs));
  if (wanted.length === 0) return undefined;
  const missing: string[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const asked = wanted.slice(at, at + AT_ONCE).map(async (one) => ({
      one,
      answer: await review(subject, one),
    }));
    for (const { one, answer } of await Promise.all(asked)) {
      if (typeof answer !== "boolean") return answer;
      if (!answer) missing.push(`${nameOf(one.program)} may not ${inWords(one.attributes)}`);
    }
  }
  return missing.length > 0 ? failed(missing) : ok(`${wanted.length} rights`);
}

async function review(
  { client }: ClusterSubject,
  { program, attributes }: Right,
): Promise<boolean | Outcome> {
  const user = `system:serviceaccount:${program.namespace}:${program.account}`;
  const groups = [
    "system:serviceaccounts",
    `system:serviceaccounts:${program.namespace}`,
    "system:authenticated",
  ];
  try {
    const answer = await client.json(REVIEWS, {
      method: "POST",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user, groups, resourceAttributes: attributes },
      },
    });
    const status = isObject(answer) && isObject(answer.status) ? answer.status : {};
    return status.allowed === true;
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    return unknown(thrown.message.replace(/^POST \S+: (?:403 )?/, ""), {
      lasting: thrown.status === 403,
    });
  }
}

/** What the manifests give a program; what depends on a setting that is not known here is left out. */
function rightsOf(program: Program, all: readonly Program[]): Right[] {
  const { container, namespace, args } = program;
  const everywhere = (rules: readonly Node[]) => spread(program, rules, undefined);
  const inside = (rules: readonly Node[]) => spread(program, rules, namespace);
  const cni = all.some((one) => one.container === "install-cni");
  switch (container) {
    case "kuma-webhook": {
      const secret = args.findLast((one) => one.startsWith("--tls-secret="))?.slice(
        "--tls-secret=".length,
      );
      const generateCerts = args.includes("--generate-certs");
      const mode = { configMaps: false, unsafeDelete: true, generateCerts };
      return [
        ...everywhere(clusterRules(mode)),
        ...inside(namespaceRules()),
        ...generateCerts && secret !== undefined ? inside(secretRules(secret)) : [],
      ];
    }
    case "kuma-controller":
      return [
        // Attachments are rights about a kind that most clusters do not have; taints and repair are settings.
        ...everywhere(controllerClusterRules({ taints: cni, cni: false, repair: "report" })),
        ...inside(controllerNamespaceRules()),
      ];
    case "install-cni":
      return [
        ...everywhere(cniClusterRules()),
        ...inside(cniNamespaceRules({ name: program.account })).filter(({ attributes }) =>
          attributes.resource !== "daemonsets" || attributes.name === program.name
        ),
      ];
    default:
      return [];
  }
}

function spread(program: Program, rules: readonly Node[], namespace: string | undefined): Right[] {
  const texts = (value: unknown) => Array.isArray(value) ? value.map(String) : [];
  return objectsIn(evaluate([...rules], NO_SCOPE)).flatMap((rule) =>
    texts(rule.apiGroups).flatMap((group) =>
      texts(rule.resources).flatMap((one) => {
        const [resource = "", subresource] = one.split("/");
        const names = rule.resourceNames === undefined ? [undefined] : texts(rule.resourceNames);
        return names.flatMap((name) =>
          texts(rule.verbs).map((verb): Right => ({
            program,
            attributes: {
              ...{ group, resource, verb },
              ...(subresource === undefined ? {} : { subresource }),
              ...(namespace === undefined ? {} : { namespace }),
              ...(name === undefined ? {} : { name }),
            },
          }))
        );
      })
    )
  );
}

function inWords({ verb, resource, subresource, group, name, namespace }: JsonObject): string {
  const kind = `${String(resource)}${subresource === undefined ? "" : `/${String(subresource)}`}`;
  return [
    `${String(verb)} ${kind}${group === "" ? "" : `.${String(group)}`}`,
    ...name === undefined ? [] : [`"${String(name)}"`],
    ...namespace === undefined ? [] : [`in namespace ${String(namespace)}`],
  ].join(" ");
}
