import { Tensor } from 'onnxruntime-node';
import { readEmbedder } from '../lib/adapters/model-folder.ts';
import { openEmbedder, standardise } from '../lib/adapters/onnx-embedder.ts';
import { openSession } from '../lib/adapters/onnx-session.ts';
import type { VisionConfig } from '../lib/config.ts';
import { cropFace } from '../lib/vision/align.ts';
import { dlibTemplate } from '../lib/vision/templates.ts';
import { sampleFaces } from './faces.ts';
import { type Comparison, compare } from './measure.ts';
import { faceApiRemark, openFaceApi } from './rivals/face-api.ts';

/** Embedding of aligned faces, beside the bare net and beside face-api's descriptors. */
export async function* benchEmbed(config: VisionConfig, rounds: number): AsyncGenerator<Comparison> {
  const { models, threads } = config;
  const faces = await sampleFaces(config);
  const faceApi = await openFaceApi();
  const dlibCrops = faces.map(({ photo, face }) =>
    cropFace(photo, face, { kind: 'similarity', size: 150, template: dlibTemplate }),
  );
  for (const id of [config.embedder, 'dlib-resnet']) {
    const { card, graph } = await readEmbedder(models, id);
    const embedder = await openEmbedder(models, id, threads);
    const session = await openSession(graph, threads);
    const crops = faces.map(({ photo, face }) => cropFace(photo, face, card.crop));
    const input = standardise(crops, card);
    const shape = [crops.length, 3, card.crop.size, card.crop.size];
    yield compare(
      `embed: ${crops.length} aligned faces, ${id}`,
      [
        { name: id, run: async () => (await embedder.embed(crops))[0]![0]! },
        {
          name: 'its bare net',
          remark: 'one batch, input lies ready',
          run: async () => {
            const { embedding } = await session.run({ input: new Tensor('float32', input, shape) });
            return (embedding!.data as Float32Array)[0]!;
          },
        },
        {
          name: 'face-api, descriptors',
          remark: `${faceApiRemark}; the net of dlib-resnet`,
          run: () => faceApi.embed(dlibCrops),
        },
      ],
      { rounds },
    );
  }
}
