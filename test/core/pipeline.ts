import { followObjectChange } from '../../lib/core/detect-image.ts';
import { embedFaces } from '../../lib/core/embed-faces.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { type ObjectChange, objectChangesOf } from '../../lib/core/object-changes.ts';
import type { FaceRegistry, TagQueue } from '../../lib/core/ports.ts';
import { followImage } from '../../lib/core/tag-image.ts';
import {
  card,
  FakeBus,
  FakeEmbedder,
  FakeFaceQueue,
  FakeMetrics,
  FakeRegistry,
  FakeStore,
  FakeTagQueue,
  FakeVision,
  now,
  photoOf,
  silentLog,
} from './fakes.ts';

/** The whole pipeline on fakes, driven by hand: what lies in the queues moves when a test says so. */
export class Pipeline {
  readonly store = new FakeStore();
  readonly vision = new FakeVision();
  readonly registry = new FakeRegistry();
  readonly faces = new FakeFaceQueue();
  readonly tags = new FakeTagQueue();
  readonly bus = new FakeBus();
  readonly embedder = new FakeEmbedder();
  readonly metrics = new FakeMetrics();
  readonly bucket = 'photos';
  /** The time of use cases of the API, in milliseconds. */
  clock = Date.parse(now);
  readonly now = () => new Date(this.clock);
  #changes = 0;

  /** What use cases of the API lean on: as it is, or such that it fails every call after some, as where a process dies. */
  ports(calls = Number.POSITIVE_INFINITY) {
    const { store, vision, embedder, bucket, now } = this;
    let left = calls;
    const dying = <T extends object>(port: T): T =>
      new Proxy(port, {
        get(target, name) {
          const method = Reflect.get(target, name);
          if (typeof method !== 'function') return method;
          return (...args: unknown[]) => {
            if (--left < 0) throw new Error('died');
            return method.apply(target, args);
          };
        },
      });
    const [registry, tags] = [dying<FaceRegistry>(this.registry), dying<TagQueue>(this.tags)];
    return { store, decoder: vision, detector: vision, embedder, registry, tags, bucket, now };
  }

  /** Lets tag follow what was left for it; answers the events it gave, each once. */
  async told(): Promise<FacenetEvent[]> {
    const before = this.bus.events.length;
    while (this.tags.messages.length > 0) await this.tag();
    const events = this.bus.events.slice(before);
    return [...new Map(events.map((event) => [event.detail.id, event])).values()];
  }

  /** Puts a photo into the bucket; answers the change that the bucket would announce. */
  put(key: string, photo: string): ObjectChange {
    const eTag = this.store.put(key, photoOf(photo), `tag-${photo}`);
    return this.#announce('ObjectCreated:Put', key, { size: photo.length, eTag });
  }

  remove(key: string): ObjectChange {
    this.store.objects.delete(key);
    return this.#announce('ObjectRemoved:Delete', key, {});
  }

  detect(change: ObjectChange) {
    const { store, vision, registry, faces, tags, metrics } = this;
    const seen = { decoder: vision, detector: vision, embedder: card };
    const ports = { store, ...seen, registry, faces, tags, log: silentLog, metrics };
    return followObjectChange(ports, change);
  }

  embed() {
    const messages = this.faces.messages.splice(0);
    const { embedder, registry, tags, metrics } = this;
    return embedFaces({ embedder, registry, tags, log: silentLog, metrics }, messages);
  }

  async tag(): Promise<void> {
    const { registry, bus, metrics } = this;
    const ports = { registry, embedder: card, bus, log: silentLog, metrics, now: () => new Date(now) };
    for (const message of this.tags.messages.splice(0)) await followImage(ports, message);
  }

  /** Follows changes to their end; answers the events they gave. */
  async follow(...changes: readonly ObjectChange[]): Promise<FacenetEvent[]> {
    const before = this.bus.events.length;
    for (const change of changes) await this.detect(change);
    while (this.faces.messages.length > 0 || this.tags.messages.length > 0) {
      await this.embed();
      await this.tag();
    }
    return this.bus.events.slice(before);
  }

  #announce(eventName: string, key: string, object: { size?: number; eTag?: string }): ObjectChange {
    const sequencer = (++this.#changes).toString(16).padStart(6, '0');
    const s3 = {
      bucket: { name: 'photos' },
      object: { key: encodeURIComponent(key).replaceAll('%20', '+'), sequencer, ...object },
    };
    return objectChangesOf(JSON.stringify({ Records: [{ eventName, s3 }] }))[0]!;
  }
}
