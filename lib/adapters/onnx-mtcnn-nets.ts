import { type InferenceSession, Tensor } from 'onnxruntime-node';
import type { MtcnnNets } from '../vision/mtcnn-nets.ts';
import { readMtcnn } from './model-folder.ts';
import { openSession } from './onnx-session.ts';

/**
 * Opens MTCNN's three nets from the models folder.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT
 */
export async function openMtcnnNets(folder: string, threads: number): Promise<MtcnnNets> {
  const graphs = await readMtcnn(folder);
  const [pnet, rnet, onet] = await Promise.all(
    [graphs.pnet, graphs.rnet, graphs.onet].map((graph) => openSession(graph, threads)),
  );
  return {
    async pnet(input, height, width) {
      const { probability, regression } = await run(pnet, input, [1, 3, height, width]);
      const [, rows, columns] = probability.dims;
      return { rows, columns, probability: floats(probability), regression: floats(regression) };
    },
    async rnet(input, count) {
      const { probability, regression } = await run(rnet, input, [count, 3, 24, 24]);
      return { probability: floats(probability), regression: floats(regression) };
    },
    async onet(input, count) {
      const { probability, regression, landmarks } = await run(onet, input, [count, 3, 48, 48]);
      return { probability: floats(probability), regression: floats(regression), landmarks: floats(landmarks) };
    },
  };
}

function run(
  session: InferenceSession,
  input: Float32Array,
  shape: readonly number[],
): Promise<InferenceSession.ReturnType> {
  return session.run({ input: new Tensor('float32', input, shape) });
}

function floats({ data }: { readonly data: unknown }): Float32Array {
  return data as Float32Array;
}
