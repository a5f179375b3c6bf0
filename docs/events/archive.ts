/** What this example reads of an event; the schemas beside it have all there is. */
export interface PhotoEvent {
  readonly 'detail-type': string;
  readonly detail: {
    readonly time: string;
    readonly image: { readonly imageId: string; readonly key?: string; readonly sequencer?: string };
    /** Of `Image Indexed`. */
    readonly faces?: readonly { readonly faceId: string; readonly identity: { readonly person: string } | null }[];
    /** Of `Faces Erased`. */
    readonly faceIds?: readonly string[];
  };
}

interface Photo {
  /** Of the event that was taken last: the version of the photo, then the time. */
  readonly order: string;
  readonly people: ReadonlyMap<string, string>;
}

/**
 * An example of a consumer: who is in which photo, kept by the events alone, whichever way they come. Events that come twice or late change nothing, so it
 * needs no list of those that it has seen; it would keep the two maps in its database.
 */
export class Archive {
  readonly #photos = new Map<string, Photo>();
  /** Faces that are gone; their photo's older events may still be on their way. */
  readonly #erased = new Set<string>();

  take({ 'detail-type': type, detail }: PhotoEvent): void {
    if (type === 'Faces Erased') for (const faceId of detail.faceIds ?? []) this.#erased.add(faceId);
    // A new version that cannot be used has no faces either.
    if (type !== 'Image Indexed' && type !== 'Image Rejected') return;
    const { key, sequencer } = detail.image;
    const order = `${sequencer} ${detail.time}`;
    if (key === undefined || order <= (this.#photos.get(key)?.order ?? '')) return;
    const named = (detail.faces ?? []).flatMap(({ faceId, identity }) =>
      identity ? [[faceId, identity.person] as const] : [],
    );
    this.#photos.set(key, { order, people: new Map(named) });
  }

  /** The names in a photo, in alphabetical order. */
  peopleIn(key: string): string[] {
    const named = [...(this.#photos.get(key)?.people ?? [])].filter(([faceId]) => !this.#erased.has(faceId));
    return [...new Set(named.map(([, person]) => person))].sort();
  }
}
