import { Tensor } from 'onnxruntime-node';
import { readMtcnn } from '../../lib/adapters/model-folder.ts';
import { openSession } from '../../lib/adapters/onnx-session.ts';
import type { VisionConfig } from '../../lib/config.ts';
import type { RgbImage } from '../../lib/vision/image.ts';
import { defaultDetectionSettings, detectFaces, pyramidScales } from '../../lib/vision/mtcnn.ts';
import type { MtcnnNets } from '../../lib/vision/mtcnn-nets.ts';
import { seededRandom } from '../../lib/vision/seeded-random.ts';

/**
 * What MTCNN cannot do without: the proposal net over whole levels of the photo's pyramid, and the later nets over as many candidates as the photo has, each
 * in one batch, every operation shared out among the threads, as ONNX Runtime does it by itself. Inputs are noise that lies ready; nothing is resampled, sorted
 * out or answered.
 * @param nets those that find the photo's candidates
 */
export async function bareNets(
  photo: RgbImage,
  nets: MtcnnNets,
  { models, threads }: VisionConfig,
): Promise<() => Promise<number>> {
  const candidates = { rnet: 0, onet: 0 };
  await detectFaces(photo, {
    ...nets,
    rnet(input, count) {
      candidates.rnet += count;
      return nets.rnet(input, count);
    },
    onet(input, count) {
      candidates.onet += count;
      return nets.onet(input, count);
    },
  });
  const { minFace, factor } = defaultDetectionSettings;
  const levels = pyramidScales(photo, minFace, factor).map((scale) => {
    const [rows, columns] = [Math.floor(photo.height * scale + 1), Math.floor(photo.width * scale + 1)];
    return { rows, columns, input: noise(3 * rows * columns) };
  });
  const windows24 = noise(candidates.rnet * 3 * 24 * 24);
  const windows48 = noise(candidates.onet * 3 * 48 * 48);
  const graphs = await readMtcnn(models);
  const [pnet, rnet, onet] = await Promise.all(
    [graphs.pnet, graphs.rnet, graphs.onet].map(async (graph) => {
      const session = await openSession(graph, threads);
      return async (input: Float32Array, shape: readonly number[]) => {
        const { probability } = await session.run({ input: new Tensor('float32', input, shape) });
        return (probability!.data as Float32Array)[0]!;
      };
    }),
  );
  return async () => {
    let sum = 0;
    for (const { input, rows, columns } of levels) sum += await pnet!(input, [1, 3, rows, columns]);
    if (candidates.rnet > 0) sum += await rnet!(windows24, [candidates.rnet, 3, 24, 24]);
    if (candidates.onet > 0) sum += await onet!(windows48, [candidates.onet, 3, 48, 48]);
    return sum;
  };
}

function noise(length: number): Float32Array {
  const random = seededRandom(length);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}
