import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelId } from './catalog.ts';
import { buildDlibResnet } from './dlib-resnet.ts';
import { buildMobilefacenet } from './mobilefacenet.ts';
import { buildMtcnn } from './mtcnn.ts';
import { readTfjsWeights } from './tfjs-weights.ts';

/** Converts a model from the folder of its unpacked package; answers its ONNX files by name. */
export const convert: Readonly<Record<ModelId, (folder: string) => Promise<Readonly<Record<string, Uint8Array>>>>> = {
  mtcnn: async (folder) => {
    const { pnet, rnet, onet } = buildMtcnn(await readTfjsWeights(join(folder, 'weights'), 'mtcnn_model'));
    return { 'mtcnn-pnet.onnx': pnet, 'mtcnn-rnet.onnx': rnet, 'mtcnn-onet.onnx': onet };
  },
  mobilefacenet: async (folder) => {
    const tflite = await readFile(join(folder, 'android/src/main/assets/MobileFaceNet.tflite'));
    return { 'mobilefacenet.onnx': buildMobilefacenet(tflite) };
  },
  'dlib-resnet': async (folder) => {
    const weights = await readTfjsWeights(join(folder, 'weights'), 'face_recognition_model');
    return { 'dlib-resnet.onnx': buildDlibResnet(weights) };
  },
};
