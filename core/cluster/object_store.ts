/**
 * The objects that an informer holds: by key, by index, with word of what changes.
 *
 * @module
 */

/**
 * What happened to an object. `synthetic` is true where the change was found by comparing with a new list (so
 * what lay between is unknown), or where it tells a new listener of what is there already.
 */
export type ObjectEvent<Kept> =
  & { readonly key: string; readonly synthetic: boolean }
  & (
    | { readonly type: "added"; readonly object: Kept }
    | { readonly type: "changed"; readonly old: Kept; readonly object: Kept }
    | { readonly type: "deleted"; readonly old: Kept }
  );

/** An object as it is held. */
export interface Held<Kept> {
  readonly object: Kept;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Values under which an object can be found; must give the same for the same object. */
export type Indexer<Kept> = (object: Kept, key: string) => readonly string[];

/** Objects of one kind. */
export class ObjectStore<Kept> {
  readonly #tell: (event: ObjectEvent<Kept>) => void;
  readonly #indexers: ReadonlyMap<string, Indexer<Kept>>;
  readonly #indices = new Map<string, Map<string, Set<string>>>();
  readonly #held = new Map<string, Held<Kept>>();

  constructor(
    indexers: Readonly<Record<string, Indexer<Kept>>>,
    tell: (event: ObjectEvent<Kept>) => void,
  ) {
    this.#tell = tell;
    this.#indexers = new Map(Object.entries(indexers));
    for (const name of this.#indexers.keys()) this.#indices.set(name, new Map());
  }

  /** How many objects there are. */
  get size(): number {
    return this.#held.size;
  }

  get(key: string): Held<Kept> | undefined {
    return this.#held.get(key);
  }

  entries(): IterableIterator<[key: string, held: Held<Kept>]> {
    return this.#held.entries();
  }

  /** Keys of the objects for which the index gives this value. Throws a `TypeError` for an unknown index. */
  keysBy(index: string, value: string): readonly string[] {
    const found = this.#indices.get(index);
    if (found === undefined) throw new TypeError(`Cannot look up in "${index}": no such index`);
    return [...found.get(value) ?? []];
  }

  /** Puts an object; one of the same version changes nothing, one of another uid takes the old one's place. */
  put(key: string, held: Held<Kept>, synthetic = false): void {
    const old = this.#held.get(key);
    if (old !== undefined && old.uid !== held.uid) {
      this.delete(key, true);
      return this.put(key, held, synthetic);
    }
    if (old?.resourceVersion === held.resourceVersion && held.resourceVersion !== "") return;
    if (old !== undefined) this.#unindex(key, old.object);
    this.#held.set(key, held);
    this.#index(key, held.object);
    const { object } = held;
    this.#tell(
      old === undefined
        ? { type: "added", key, object, synthetic }
        : { type: "changed", key, old: old.object, object, synthetic },
    );
  }

  /** Takes an object out, if it is there. */
  delete(key: string, synthetic = false): void {
    const old = this.#held.get(key);
    if (old === undefined) return;
    this.#held.delete(key);
    this.#unindex(key, old.object);
    this.#tell({ type: "deleted", key, old: old.object, synthetic });
  }

  /** Makes `all` what there is; what is not in it was deleted meanwhile. */
  replace(all: ReadonlyMap<string, Held<Kept>>): void {
    for (const key of [...this.#held.keys()]) if (!all.has(key)) this.delete(key, true);
    for (const [key, held] of all) this.put(key, held, true);
  }

  #index(key: string, object: Kept): void {
    for (const [name, indexer] of this.#indexers) {
      const index = this.#indices.get(name);
      for (const value of indexer(object, key)) {
        const keys = index?.get(value);
        if (keys === undefined) index?.set(value, new Set([key]));
        else keys.add(key);
      }
    }
  }

  #unindex(key: string, object: Kept): void {
    for (const [name, indexer] of this.#indexers) {
      const index = this.#indices.get(name);
      for (const value of indexer(object, key)) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }
}
