import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import type { RgbImage } from '../../lib/vision/image.ts';
import { packageFolder, requireFrom, type Tensorflow, wasmFolder } from './tensorflow.ts';

/** @vladmandic/human; answers how many faces it found. */
export interface Human {
  find(photo: RgbImage): Promise<number>;
}

/**
 * Opens @vladmandic/human on TensorFlow.js' WASM backend: its detector (BlazeFace at 256 pixels), with `embedding` its descriptors as well, everything
 * else off. It fetches its models, so they are served to it on loopback.
 */
export async function openHuman({ embedding }: { readonly embedding: boolean }): Promise<Human> {
  const { Human } = requireFrom('@vladmandic/human', 'dist/human.node-wasm.js');
  const models = join(packageFolder('@vladmandic/human'), 'models');
  const server = createServer(async ({ url = '' }, response) => {
    response.end(await readFile(join(models, basename(url))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm',
    wasmPath: wasmFolder,
    modelBasePath: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    debug: false,
    // Otherwise it answers from its cache when a photo comes again.
    cacheSensitivity: 0,
    filter: off,
    face: {
      enabled: true,
      detector: { rotation: embedding, maxDetected: 100, minConfidence: 0.2 },
      mesh: { enabled: embedding },
      description: { enabled: embedding },
      iris: off,
      emotion: off,
      antispoof: off,
      liveness: off,
    },
    body: off,
    hand: off,
    object: off,
    gesture: off,
    segmentation: off,
  });
  await human.load();
  server.close();
  const tensorflow: Tensorflow = human.tf;
  return {
    async find({ data, width, height }) {
      const tensor = tensorflow.tensor(data, [1, height, width, 3], 'int32');
      const { face } = await human.detect(tensor);
      tensorflow.dispose(tensor);
      return face.length;
    },
  };
}
