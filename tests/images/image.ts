/**
 * Images made for a test, and containers of them as a kubelet starts those of a pod: user, capabilities, read-only
 * root and the rest are what the container says.
 *
 * @module
 */
import type { V1Container } from "@kubernetes/client-node";
import { type MadeImage, makeImage, parseImageArgs } from "build/image.ts";
import { ROOT } from "build/task.ts";
import { type Finished, must, run } from "tests/support/processes.ts";

/** An image in podman's store; it goes when it is disposed of. */
export class TestImage implements AsyncDisposable {
  private constructor(readonly component: string, readonly made: MadeImage) {}

  /** Its name in podman's store. */
  get tag(): string {
    return this.made.tag;
  }

  /** Builds the component and makes its image. */
  static async make(component: string): Promise<TestImage> {
    const tag = `localhost/kuma-test-${component}:${Deno.pid}`;
    return new TestImage(
      component,
      await makeImage(ROOT, parseImageArgs([component, "--tag", tag])),
    );
  }

  /** Makes it once more of the same programs; gives that image's ID. */
  async again(): Promise<string> {
    const tag = `${this.tag}-again`;
    const { id } = await makeImage(ROOT, parseImageArgs([this.component, "--tag", tag]));
    await must("podman", ["rmi", tag]);
    return id;
  }

  /** Everything in it: kind, path, octal mode and owner, such as `f /usr/bin/kumactl 755 0`. */
  async files(): Promise<string[]> {
    const at = (await must("podman", ["image", "mount", this.tag])).trim();
    try {
      return (await must("find", [at, "-mindepth", "1", "-printf", "%y /%P %m %U\n"])).trim().split(
        "\n",
      );
    } finally {
      await must("podman", ["image", "unmount", this.tag]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must("podman", ["rmi", "--force", this.tag]);
  }
}

/** What is around a container. */
export interface Surroundings {
  /** As podman's `--network`: `host`, or `ns:` and the path of a network namespace. */
  readonly network: string;
  /** Folders of this machine by where the container has them; `:ro` behind them is allowed. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Variables beside the container's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly name?: string;
}

/** The arguments of `podman` that run this container of the image. */
export function podmanArgs(
  image: TestImage,
  container: Partial<V1Container>,
  { network, volumes, env = {}, name }: Surroundings,
): string[] {
  const { securityContext: security = {}, command, args = [] } = container;
  const given = (container.env ?? []).map(({ name, value }) => [name, value ?? ""]);
  return [
    ...["run", "--rm", "--pull=never", "--runtime=runc", `--network=${network}`],
    // What a container in a container may set.
    ...["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"],
    ...name === undefined ? [] : [`--name=${name}`],
    ...security.runAsUser === undefined
      ? []
      : [`--user=${security.runAsUser}:${security.runAsGroup}`],
    ...security.readOnlyRootFilesystem === true ? ["--read-only", "--read-only-tmpfs=false"] : [],
    ...security.privileged === true ? ["--privileged"] : [],
    ...security.allowPrivilegeEscalation === false ? ["--security-opt=no-new-privileges"] : [],
    ...(security.capabilities?.drop ?? []).map((capability) => `--cap-drop=${capability}`),
    ...(security.capabilities?.add ?? []).map((capability) => `--cap-add=${capability}`),
    ...[...given, ...Object.entries(env)].map(([name, value]) => `--env=${name}=${value}`),
    ...Object.entries(volumes).map(([inside, at]) =>
      `--volume=${at.replace(/(:ro)?$/, `:${inside}$1`)}`
    ),
    ...command === undefined ? [] : [`--entrypoint=${JSON.stringify(command)}`],
    image.tag,
    ...args,
  ];
}

/** Runs it to its end. */
export function runContainer(
  image: TestImage,
  container: Partial<V1Container>,
  around: Surroundings,
): Promise<Finished> {
  return run("podman", podmanArgs(image, container, around));
}
