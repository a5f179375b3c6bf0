import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelId } from './catalog.ts';
import { buildDlibResnet } from './dlib-resnet.ts';
import { dlibResnetRanges } from './dlib-resnet-ranges.ts';
import { buildInceptionResnetV1 } from './inception-resnet-v1.ts';
import { buildMobilefacenet } from './mobilefacenet.ts';
import { buildMtcnn } from './mtcnn.ts';
import { readStateDict } from './pytorch-state-dict.ts';
import { quantise } from './quantise.ts';
import { readTfjsWeights } from './tfjs-weights.ts';

type OnnxFiles = Readonly<Record<string, Uint8Array>>;

/** Converts a model from its weights, the folder of an unpacked package or a file; answers its ONNX files by name. */
export const convert: Readonly<Record<ModelId, (weights: string) => Promise<OnnxFiles>>> = {
  mtcnn: async (folder) => {
    const { pnet, rnet, onet } = buildMtcnn(await readTfjsWeights(join(folder, 'weights'), 'mtcnn_model'));
    return { 'mtcnn-pnet.onnx': pnet, 'mtcnn-rnet.onnx': rnet, 'mtcnn-onet.onnx': onet };
  },
  mobilefacenet: async (folder) => {
    const tflite = await readFile(join(folder, 'android/src/main/assets/MobileFaceNet.tflite'));
    return { 'mobilefacenet.onnx': buildMobilefacenet(tflite) };
  },
  'dlib-resnet': async (folder) => ({ 'dlib-resnet.onnx': await convertDlibResnet(folder) }),
  'dlib-resnet-int8': async (folder) => ({
    'dlib-resnet-int8.onnx': quantise(await convertDlibResnet(folder), dlibResnetRanges),
  }),
  'facenet-vggface2': async (file) => ({ 'facenet-vggface2.onnx': await convertFacenet(file) }),
  'facenet-casia': async (file) => ({ 'facenet-casia.onnx': await convertFacenet(file) }),
};

async function convertDlibResnet(folder: string): Promise<Uint8Array> {
  return buildDlibResnet(await readTfjsWeights(join(folder, 'weights'), 'face_recognition_model'));
}

async function convertFacenet(file: string): Promise<Uint8Array> {
  return buildInceptionResnetV1(readStateDict(await readFile(file)));
}
