import { openMtcnnNets } from '../lib/adapters/onnx-mtcnn-nets.ts';
import type { VisionConfig } from '../lib/config.ts';
import { detectFaces } from '../lib/vision/mtcnn.ts';
import { type Comparison, compare } from './measure.ts';
import { samplePhoto } from './photos.ts';
import { bareNets } from './rivals/bare-nets.ts';
import { faceApiRemark, openFaceApi } from './rivals/face-api.ts';
import { openHuman } from './rivals/human.ts';
import { wasmRemark } from './rivals/tensorflow.ts';

const sizes = [
  [640, 480],
  [1200, 630],
  [2280, 1588],
] as const;

/** Detection, from decoded pixels to faces, beside MTCNN's bare nets and two detectors for the browser. */
export async function* benchDetect(config: VisionConfig, rounds: number): AsyncGenerator<Comparison> {
  const nets = await openMtcnnNets(config.models, config.threads);
  const faceApi = await openFaceApi();
  const human = await openHuman({ embedding: false });
  for (const [width, height] of sizes) {
    const photo = await samplePhoto(5, width, height);
    const bare = await bareNets(photo, nets, config);
    yield compare(
      `detect: ${width} × ${height}, faces from 20 pixels on`,
      [
        {
          name: 'MTCNN, pixels to faces',
          run: async () => (await detectFaces(photo, nets)).length,
        },
        { name: 'its bare nets', remark: 'same pyramid, same number of candidates, input lies ready', run: bare },
        { name: 'face-api, SSD MobileNet', remark: `${faceApiRemark}; at 512 pixels`, run: () => faceApi.ssd(photo) },
        { name: 'face-api, tiny detector', remark: `${faceApiRemark}; at 416 pixels`, run: () => faceApi.tiny(photo) },
        { name: 'human, BlazeFace', remark: `${wasmRemark}; at 256 pixels`, run: () => human.find(photo) },
      ],
      { rounds },
    );
  }
}
