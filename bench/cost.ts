import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { type Prices, prices as published } from '../cdk/prices.ts';
import { openDetector } from '../lib/adapters/mtcnn-detector.ts';
import { openEmbedder } from '../lib/adapters/onnx-embedder.ts';
import { createSharpDecoder } from '../lib/adapters/sharp-decoder.ts';
import { readVisionConfig } from '../lib/config.ts';
import { cropFace } from '../lib/vision/align.ts';
import { billOfMillionPhotos, type Line, rekognitionBill, totalOf, type Work } from './cost-model.ts';
import { spreadOf } from './measure.ts';

/** A script: what a million photos cost, as docs/cost.md says it. */
const {
  prices: file,
  measure,
  ...given
} = new Command()
  .description('compute what a million photos cost, from measured milliseconds and published prices')
  .option('--prices <file>', 'JSON with the fields of cdk/prices.ts; those that are left out stay')
  .option(
    '--measure',
    'measure photo and face on this machine, one thread, instead of taking the numbers of docs/cost.md',
  )
  .option('--photo-ms <ms>', 'processor time to find the faces of a photo', Number, 399)
  .option('--face-ms <ms>', 'processor time to embed a face', Number, 27)
  .option('--faces <count>', 'faces in a photo', Number, 2)
  .option('--dimensions <count>', 'length of a vector', Number, 208)
  .parse()
  .opts<{ prices?: string; measure?: true; photoMs: number; faceMs: number; faces: number; dimensions: number }>();

const prices: Prices = { ...published, ...(file && JSON.parse(readFileSync(file, 'utf8'))) };
const { faces: facesPerPhoto, ...times } = given;
const work: Work = { ...times, facesPerPhoto, ...(measure && (await measured())) };

console.log(
  `Prices of ${prices.region}, as of ${prices.asOf}. ${work.photoMs.toFixed(0)} ms a photo, ${work.faceMs.toFixed(0)} ms a face, ${facesPerPhoto} faces a photo.\n`,
);
print('A million photos here', billOfMillionPhotos(prices, work));
print('A million photos by Rekognition', rekognitionBill(prices, work));

function print(title: string, bill: readonly Line[]): void {
  const dollars = (value: number | undefined) => (value === undefined ? 'not known' : value.toFixed(2));
  console.log(`| ${title} | each | US dollars |\n|---|---|---:|`);
  for (const line of bill) console.log(`| ${line.name} | ${line.reckoning} | ${dollars(line.dollars)} |`);
  console.log(`| **all** | | **${dollars(totalOf(bill))}** |\n`);
}

/** Processor time, which a busy machine stretches less than the clock's: the median of some rounds over the sample photos. */
async function measured(): Promise<Pick<Work, 'photoMs' | 'faceMs'>> {
  const config = { ...readVisionConfig(), threads: 1 };
  const detector = await openDetector(config);
  const embedder = await openEmbedder(config.models, config.embedder, 1);
  const decoder = createSharpDecoder({ ...config, crop: embedder.card.crop });
  const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
  const photos = [1, 2, 3, 4, 5, 6].map((number) => readFileSync(join(folder, `sample${number}.jpg`)));
  const rounds: { photoMs: number; faceMs: number }[] = [];
  for (let round = 0; round < 6; round++) {
    const crops = [];
    const start = processorMs();
    for (const photo of photos) {
      const image = await decoder.decode(photo);
      for (const face of await detector.detect(image)) crops.push(cropFace(image, face, embedder.card.crop));
    }
    const found = processorMs();
    await embedder.embed(crops);
    rounds.push({ photoMs: (found - start) / photos.length, faceMs: (processorMs() - found) / crops.length });
  }
  return {
    photoMs: spreadOf(rounds.map(({ photoMs }) => photoMs)).median,
    faceMs: spreadOf(rounds.map(({ faceMs }) => faceMs)).median,
  };
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
