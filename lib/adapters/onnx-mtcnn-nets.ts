import type { MtcnnNets } from '../vision/mtcnn-nets.ts';
import { readMtcnn } from './model-folder.ts';
import { openSessions } from './onnx-sessions.ts';

/**
 * Opens MTCNN's three nets from the models folder.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT
 */
export async function openMtcnnNets(folder: string, threads: number): Promise<MtcnnNets> {
  const { pnet, rnet, onet } = await readMtcnn(folder);
  const sessions = await openSessions([pnet, rnet, onet], threads);
  return {
    atOnce: sessions.atOnce,
    async pnet(input, height, width) {
      const { probability, regression } = await sessions.run(0, input, [1, 3, height, width]);
      const [, rows, columns] = probability.dims;
      return { rows, columns, probability: probability.data, regression: regression.data };
    },
    async rnet(input, count) {
      const { probability, regression } = await sessions.run(1, input, [count, 3, 24, 24]);
      return { probability: probability.data, regression: regression.data };
    },
    async onet(input, count) {
      const { probability, regression, landmarks } = await sessions.run(2, input, [count, 3, 48, 48]);
      return { probability: probability.data, regression: regression.data, landmarks: landmarks.data };
    },
  };
}
