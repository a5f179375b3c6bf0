/** What this example reads of an `Image Indexed`. */
export interface DoorEvent {
  readonly 'detail-type': string;
  readonly detail: {
    readonly image: { readonly key: string };
    readonly faces: readonly {
      readonly identity: {
        readonly person: string;
        readonly similarity: number;
        readonly ambiguous?: readonly unknown[];
      } | null;
    }[];
  };
}

/** Similarity 99 is one false match in 100,000 pairs of strangers (docs/accuracy.md); the default of 80, one in 1,000, opens doors to strangers. */
const leastSimilarity = 99;
/** Milliseconds after which a photo opens nothing any more. */
const freshMillis = 10_000;

/**
 * An example of a consumer: whom a door may let in, whose camera puts photos under `photos/door/<ISO 8601 time>.jpg`. The time is in the key because an event's
 * own is that of its publication, and a photo is published again whenever a name in it changes: whoever is enrolled today does not open the door of yesterday.
 * Each photo opens it once, by the first event that comes.
 */
export class Door {
  readonly #seen = new Set<string>();

  /** @returns who is let in; undefined when the door stays closed */
  opensTo({ 'detail-type': type, detail }: DoorEvent, now: number): string | undefined {
    const [, taken] = /^photos\/door\/(.+)\.jpg$/.exec(detail.image.key) ?? [];
    if (type !== 'Image Indexed' || taken === undefined || this.#seen.has(taken)) return undefined;
    this.#seen.add(taken);
    if (!(Math.abs(now - Date.parse(taken)) < freshMillis)) return undefined;
    // Of two people in front of the camera nobody knows which one goes in.
    const [face, ...others] = detail.faces;
    if (!face?.identity || others.length > 0) return undefined;
    const { person, similarity, ambiguous = [] } = face.identity;
    return similarity >= leastSimilarity && ambiguous.length === 0 ? person : undefined;
  }
}
