import { openDetector } from '../../lib/adapters/mtcnn-detector.ts';
import { openEmbedder } from '../../lib/adapters/onnx-embedder.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { readVisionConfig } from '../../lib/config.ts';
import { ModelError } from '../../lib/core/errors.ts';
import { euclideanDistance } from '../../lib/vision/distance.ts';
import { drawFace } from './drawn-face.ts';
import { pinnedEmbeddings } from './pinned-embeddings.ts';

/** How far an embedding may be from the pinned one: other processors add up in another order. */
const tolerance = 1e-3;

/**
 * A script of the image build: loads all that the image's functions load, looks for a drawn face, embeds it and compares the vector with the pinned one. It fails
 * where a native library, a model or the arithmetic is not what it should be, so no such image is deployed. With `--print` it prints the vector, to be pinned.
 */
const config = readVisionConfig();
createSharpDecoder(config);
const detector = await openDetector(config);
const embedder = await openEmbedder(config.models, config.embedder, config.threads);
const { id, crop, dimensions } = embedder.card;

const [embedding, again] = await embedder.embed([drawFace(crop.size), drawFace(crop.size)]);
if (process.argv.includes('--print')) {
  console.log(Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString('base64'));
} else {
  const faces = await detector.detect(drawFace(160));
  check(faces.length === 1, `one face in the drawing, found ${faces.length}`);
  check(embedding.length === dimensions, `${dimensions} dimensions, received ${embedding.length}`);
  const pinned = pinnedEmbeddings[id];
  const distance = euclideanDistance(embedding, pinned ? vectorOf(pinned) : again);
  check(distance <= tolerance, `an embedding within ${tolerance} of the pinned one, received one at ${distance}`);
  const how = pinned ? 'to the pinned embedding' : 'between two runs (no embedding of this model is pinned)';
  console.log(`self-test passed: ${id}, distance ${distance.toExponential(1)} ${how}`);
}

function vectorOf(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
}

function check(holds: boolean, expected: string): void {
  if (holds) return;
  throw new ModelError(
    'MODEL_CORRUPT',
    `The self-test expected ${expected}. Make the models again, and build from unchanged packages.`,
  );
}
