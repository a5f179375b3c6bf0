import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelId } from './catalog.ts';
import { buildDlibResnet } from './dlib-resnet.ts';
import { dlibResnetRanges } from './dlib-resnet-ranges.ts';
import { halveWeights } from './half-weights.ts';
import { buildInceptionResnetV1 } from './inception-resnet-v1.ts';
import { joinEmbedders } from './joined-embedder.ts';
import { meanEmbeddings } from './mean-embeddings.ts';
import { buildMobilefacenet } from './mobilefacenet.ts';
import { buildMobilefacenetFaceplugin } from './mobilefacenet-faceplugin.ts';
import { buildMtcnn } from './mtcnn.ts';
import { narrowEmbedder } from './narrow-embedder.ts';
import { readStateDict } from './pytorch-state-dict.ts';
import { quantise } from './quantise.ts';
import { readTfjsWeights } from './tfjs-weights.ts';

type OnnxFiles = Readonly<Record<string, Uint8Array>>;

/** Converts a model from its weights, the folder of each unpacked package or a file; answers its ONNX files by name. */
export const convert: Readonly<Record<ModelId, (...weights: [string, ...string[]]) => Promise<OnnxFiles>>> = {
  mtcnn: async (folder) => {
    const { pnet, rnet, onet } = buildMtcnn(await readTfjsWeights(join(folder, 'weights'), 'mtcnn_model'));
    return { 'mtcnn-pnet.onnx': pnet, 'mtcnn-rnet.onnx': rnet, 'mtcnn-onet.onnx': onet };
  },
  mobilefacenet: async (folder) => ({ 'mobilefacenet.onnx': await convertMobilefacenet(folder) }),
  'mobilefacenet-faceplugin': async (folder) => ({ 'mobilefacenet-faceplugin.onnx': await convertFaceplugin(folder) }),
  'mobilefacenet-ensemble': async (...[first, second]) => ({
    'mobilefacenet-ensemble.onnx': joinEmbedders('mobilefacenet-ensemble', [
      { graph: narrowEmbedder(await convertMobilefacenet(first), 64), mean: meanEmbeddings.mobilefacenet },
      { graph: await convertFaceplugin(second!), mean: meanEmbeddings.faceplugin },
    ]),
  }),
  'dlib-resnet': async (folder) => ({ 'dlib-resnet.onnx': await convertDlibResnet(folder) }),
  'dlib-resnet-int8': async (folder) => ({
    'dlib-resnet-int8.onnx': quantise(await convertDlibResnet(folder), dlibResnetRanges),
  }),
  'facenet-vggface2': async (file) => ({ 'facenet-vggface2.onnx': await convertFacenet(file) }),
  'facenet-vggface2-fp16': async (file) => ({
    'facenet-vggface2-fp16.onnx': halveWeights(await convertFacenet(file)),
  }),
  'facenet-casia': async (file) => ({ 'facenet-casia.onnx': await convertFacenet(file) }),
  'facenet-casia-fp16': async (file) => ({ 'facenet-casia-fp16.onnx': halveWeights(await convertFacenet(file)) }),
};

async function convertMobilefacenet(folder: string): Promise<Uint8Array> {
  return buildMobilefacenet(await readFile(join(folder, 'android/src/main/assets/MobileFaceNet.tflite')));
}

/** Of its 512 dimensions 144 have all but 0.6 % of the squared length of an embedding, and tell faces apart as well as all. */
async function convertFaceplugin(folder: string): Promise<Uint8Array> {
  return narrowEmbedder(buildMobilefacenetFaceplugin(await readFile(join(folder, 'model/fr_feature.onnx'))), 144);
}

async function convertDlibResnet(folder: string): Promise<Uint8Array> {
  return buildDlibResnet(await readTfjsWeights(join(folder, 'weights'), 'face_recognition_model'));
}

async function convertFacenet(file: string): Promise<Uint8Array> {
  return buildInceptionResnetV1(await readStateDict(await readFile(file)));
}
