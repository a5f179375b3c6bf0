import type { RgbImage } from '../vision/image.ts';
import { unpackCrop } from './crop-codec.ts';
import { FacenetError } from './errors.ts';
import type { FaceMessage } from './messages.ts';
import type { Metrics } from './metrics.ts';
import type { FaceEmbedder, FaceRegistry, Log, TagQueue } from './ports.ts';
import type { FaceRecord } from './records.ts';

export interface EmbedPorts {
  readonly embedder: FaceEmbedder;
  readonly registry: FaceRegistry;
  readonly tags: TagQueue;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type EmbedOutcome = 'embedded' | 'superseded';

/**
 * Embeds a batch of faces in one inference and stores them; the last face of an image sends it on to be tagged. Each message ends for itself, in the
 * order given: fulfilled with its outcome, or rejected and to be delivered again.
 */
export async function embedFaces(
  ports: EmbedPorts,
  messages: readonly FaceMessage[],
): Promise<PromiseSettledResult<EmbedOutcome>[]> {
  const crops = await Promise.allSettled(messages.map((message) => currentCrop(ports, message)));
  const wanted = crops.flatMap((crop) => (crop.status === 'fulfilled' && crop.value ? crop.value : []));
  const vectors = await Promise.allSettled([wanted.length > 0 ? embed(ports, wanted) : []]);
  let next = 0;
  return Promise.allSettled(
    messages.map(async (message, i) => {
      const crop = settledValue(crops[i]!);
      return crop ? store(ports, message, settledValue(vectors[0])[next++]!) : 'superseded';
    }),
  );
}

async function embed({ embedder, metrics }: EmbedPorts, crops: readonly RgbImage[]): Promise<Float32Array[]> {
  const start = performance.now();
  const vectors = await embedder.embed(crops);
  metrics.add({ FacesEmbedded: crops.length, EmbedDuration: performance.now() - start });
  return vectors;
}

function settledValue<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

async function currentCrop({ registry, embedder }: EmbedPorts, message: FaceMessage): Promise<RgbImage | undefined> {
  const { card } = embedder;
  if (message.model !== card.id || message.crop.size !== card.crop.size) {
    throw new FacenetError(
      'INVALID_MESSAGE',
      `Expected a crop for ${card.id} (${card.crop.size} px), received one for ${message.model} (${message.crop.size} px). Give detect and embed the same embedder.`,
    );
  }
  const image = await registry.getImage(message.image.imageId);
  if (!image || image.sequencer !== message.image.sequencer || image.status === 'erased') return undefined;
  return unpackCrop(message.crop);
}

async function store(ports: EmbedPorts, message: FaceMessage, embedding: Float32Array): Promise<EmbedOutcome> {
  const { registry, tags, log } = ports;
  const { imageId, collection, sequencer, source, width, height } = message.image;
  const { faceId, role, person, model, box, landmarks, confidence, quality } = message;
  const face: FaceRecord = {
    faceId,
    imageId,
    collection,
    role,
    source,
    sequencer,
    model,
    box,
    landmarks,
    confidence,
    ...(quality && { quality }),
    imageWidth: width,
    imageHeight: height,
    ...(person && { person }),
    embedding,
  };
  // One that came before keeps all that happened to it since; it may be of another embedder.
  if (!(await registry.addFace(face))) await registry.addVector(face, model, embedding);
  const { current, remaining } = await registry.faceEmbedded({ imageId, sequencer }, faceId);
  if (!current) await registry.deleteFaces([face]);
  else if (remaining === 0) {
    await tags.send([{ version: 1, kind: 'embedded', image: { imageId, collection, sequencer, source } }]);
  }
  const outcome = current ? 'embedded' : 'superseded';
  log.info(`face ${outcome}`, { imageId, faceId, sequencer, outcome });
  return outcome;
}
