import { openDetector } from '../lib/adapters/mtcnn-detector.ts';
import { openEmbedder } from '../lib/adapters/onnx-embedder.ts';
import { createSharpDecoder } from '../lib/adapters/sharp-decoder.ts';
import type { VisionConfig } from '../lib/config.ts';
import { cropFace } from '../lib/vision/align.ts';
import { type Comparison, compare } from './measure.ts';
import { sampleFile, samples } from './photos.ts';
import { faceApiRemark, openFaceApi } from './rivals/face-api.ts';
import { openHuman } from './rivals/human.ts';
import { wasmRemark } from './rivals/tensorflow.ts';

/** The way from a file to the embeddings of its faces, in one process, beside that of two libraries for the browser, which are given our decoder. */
export async function* benchPipeline(config: VisionConfig, rounds: number): AsyncGenerator<Comparison> {
  const detector = await openDetector(config);
  const embedder = await openEmbedder(config.models, config.embedder, config.threads);
  const decoder = createSharpDecoder({ ...config, crop: embedder.card.crop });
  const faceApi = await openFaceApi();
  const human = await openHuman({ embedding: true });
  const files = await Promise.all(samples.map(sampleFile));
  const each = async (task: (file: Buffer) => Promise<number>) => {
    let sum = 0;
    for (const file of files) sum += await task(file);
    return sum;
  };
  yield compare(
    `pipeline: ${files.length} JPEGs of 1920 pixels, decoded, faces found, aligned and embedded`,
    [
      {
        name: `MTCNN and ${config.embedder}`,
        run: () =>
          each(async (file) => {
            const photo = await decoder.decode(file);
            const faces = await detector.detect(photo);
            const vectors = await embedder.embed(faces.map((face) => cropFace(photo, face, embedder.card.crop)));
            return vectors.length;
          }),
      },
      {
        name: 'face-api',
        remark: `${faceApiRemark}; SSD at 512 pixels, 68 landmarks, the net of dlib-resnet`,
        run: () => each(async (file) => faceApi.whole(await decoder.decode(file))),
      },
      {
        name: 'human',
        remark: `${wasmRemark}; BlazeFace at 256 pixels, mesh, faceres`,
        run: () => each(async (file) => human.find(await decoder.decode(file))),
      },
    ],
    { rounds },
  );
}
