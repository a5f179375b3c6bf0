import { join } from 'node:path';
import type { RgbImage } from '../../lib/vision/image.ts';
import { openTensorflow, packageFolder, requireFrom, type Tensor, wasmRemark } from './tensorflow.ts';

/** @vladmandic/face-api; each answers how many faces it found. Its own MTCNN is no more in this fork. */
export interface FaceApi {
  /** SSD on MobileNet v1: its exact detector. */
  ssd(photo: RgbImage): Promise<number>;
  /** A tiny YOLO, at 416 pixels. */
  tiny(photo: RgbImage): Promise<number>;
  /** Detection by SSD, landmarks and descriptors. */
  whole(photo: RgbImage): Promise<number>;
  /** The descriptors of aligned crops of 150 × 150, one after the other, as its interface has it. */
  embed(crops: readonly RgbImage[]): Promise<number>;
}

export const faceApiRemark = wasmRemark;

/** Opens @vladmandic/face-api on TensorFlow.js' WASM backend. */
export async function openFaceApi(): Promise<FaceApi> {
  const tensorflow = await openTensorflow();
  const api = requireFrom('@vladmandic/face-api', 'dist/face-api.node-wasm.js');
  const models = join(packageFolder('@vladmandic/face-api'), 'model');
  for (const net of ['ssdMobilenetv1', 'tinyFaceDetector', 'faceLandmark68Net', 'faceRecognitionNet']) {
    await api.nets[net].loadFromDisk(models);
  }
  const ssd = new api.SsdMobilenetv1Options({ minConfidence: 0.5, maxResults: 100 });
  const tiny = new api.TinyFaceDetectorOptions({ inputSize: 416 });
  const using = async <T>({ data, width, height }: RgbImage, task: (tensor: Tensor) => Promise<T>): Promise<T> => {
    const tensor = tensorflow.tensor(data, [height, width, 3], 'int32');
    try {
      return await task(tensor);
    } finally {
      tensorflow.dispose(tensor);
    }
  };
  return {
    ssd: (photo) => using(photo, async (tensor) => (await api.detectAllFaces(tensor, ssd)).length),
    tiny: (photo) => using(photo, async (tensor) => (await api.detectAllFaces(tensor, tiny)).length),
    whole: (photo) =>
      using(
        photo,
        async (tensor) => (await api.detectAllFaces(tensor, ssd).withFaceLandmarks().withFaceDescriptors()).length,
      ),
    async embed(crops) {
      let sum = 0;
      for (const crop of crops) {
        const descriptor: Float32Array = await using(crop, (tensor) => api.computeFaceDescriptor(tensor));
        sum += descriptor[0]!;
      }
      return sum;
    },
  };
}
