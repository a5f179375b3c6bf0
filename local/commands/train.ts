import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { isModelId } from '../../layers/models/catalog.ts';
import { projectedEmbedder } from '../../layers/models/projected-embedder.ts';
import { readEmbedder } from '../../lib/adapters/model-folder.ts';
import { modelsFolder } from '../../lib/config.ts';
import { RequestError } from '../../lib/core/errors.ts';
import type { PairedComparison } from '../../lib/vision/paired-comparison.ts';
import { reportCalibration } from '../evaluation/calibration-report.ts';
import type { FaceChoice } from '../evaluation/embed-photos.ts';
import { embedLabelledPhotos, labelledPhotosIn, tellLeftOut } from '../evaluation/labelled-photos.ts';
import { cacheOption, faceOption, numberOption, wholeOption } from '../options.ts';
import { expectFolderOf, writeOutput } from '../output-file.ts';
import { percent } from '../percent.ts';
import { exitCode } from '../report-failure.ts';
import { installEmbedder } from '../training/install-embedder.ts';
import { lossPicture } from '../training/loss-picture.ts';
import { expectAtMost } from '../training/principal-projection.ts';
import { expectEnoughPeople, type TaughtEpoch, type Teaching, teachProjection } from '../training/teach-projection.ts';
import { openVision } from '../vision.ts';

interface Options {
  readonly images: string;
  readonly embedder?: string;
  readonly face: FaceChoice;
  readonly id?: string;
  readonly dims: number;
  readonly margin: number;
  readonly epochs: number;
  readonly batch: number;
  readonly perPerson: number;
  readonly rate: number;
  readonly seed: number;
  readonly cache?: string;
  readonly picture?: string;
  readonly force?: true;
  readonly json?: true;
}

/** `facenet train`: teaches a projection of an embedder with the triplet loss, on one's own people; it becomes one more embedder. */
export function trainCommand(): Command {
  return new Command('train')
    .description('make one more embedder: a projection of another, taught with the triplet loss on labelled photos')
    .requiredOption('--images <dir>', 'a folder that has a folder of photos for each person')
    .option('--embedder <id>', 'which embedder is projected; usually the one of the settings')
    .addOption(faceOption())
    .option('--id <name>', 'what it is called; usually the embedder and the dimensions')
    .option('--dims <number>', 'its dimensions', wholeOption(2, 4096), 128)
    .option('--margin <squared distance>', 'how much farther strangers have to be', numberOption(0.001, 4), 0.2)
    .option('--epochs <number>', 'how often it goes over all faces', wholeOption(1, 10_000), 20)
    .option('--batch <faces>', 'faces among which triplets are found', wholeOption(8, 20_000), 512)
    .option('--per-person <faces>', 'at most so many of a person in a batch', wholeOption(2, 1000), 10)
    .option('--rate <step>', 'the first step of Adam; it falls to nothing', numberOption(1e-7, 1), 1e-3)
    .option('--seed <number>', 'the same seed gives the same embedder', wholeOption(0, 2 ** 32 - 1), 1)
    .addOption(cacheOption())
    .option('--picture <file>', 'draw the loss, as SVG')
    .option('--force', 'put it in the place of one that has the same id')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
60 in 100 people are taught on, 15 choose the epoch that is kept, 25 judge it: no one is in two of these. Fewer dimensions than the embedder's are
installed when they lose nothing that can be told from chance, as many when they gain.

Exit code: 0 installed, 1 it does not help and nothing was installed.

Examples:
  facenet train --images ~/people --dims 128 --picture loss.svg
  facenet eval --pairs lfw/pairs.tsv --images lfw/images --embedder mobilefacenet-ensemble-128`,
    )
    .action(train);
}

async function train(options: Options): Promise<void> {
  const { images, face, dims, margin, epochs, batch, perPerson, rate, seed, cache, picture, force, json } = options;
  if (picture) await expectFolderOf(picture);
  const photos = await labelledPhotosIn(images);
  expectEnoughPeople(photos, seed);
  const vision = await openVision(options.embedder);
  const folder = modelsFolder();
  const { card: base, graph } = await readEmbedder(folder, vision.embedder.card.id);
  expectAtMost(base.dimensions, dims);
  const id = options.id ?? `${base.id}-${dims}`;
  expectFree(id, folder, force);
  const { faces, leftOut } = await embedLabelledPhotos(vision, images, photos, face, cache);
  tellLeftOut(leftOut);
  const settings = { dims, margin, epochs, batchFaces: batch, facesPerPerson: perPerson, learningRate: rate, seed };
  const teaching = teachProjection(faces, settings, json ? () => {} : tellEpoch);
  if (picture) await writeOutput(picture, lossPicture(id, teaching.epochs, teaching.kept));
  if (teaching.helps) {
    const { report } = reportCalibration(id, teaching.judgedFaces);
    const { operatingPoints, similarity } = report;
    const { people, faces: count } = teaching.taughtOn;
    const provenance = `${base.provenance}; projected onto ${dims} dimensions by the triplet loss on ${count} faces of ${people} people`;
    const card = { ...base, id, dimensions: dims, operatingPoints, similarity, provenance };
    await installEmbedder(folder, card, projectedEmbedder(graph, teaching.projection));
  }
  const { projection: _, judgedFaces: __, ...told } = teaching;
  console.log(
    json
      ? JSON.stringify({ embedder: id, base: base.id, settings, leftOut, ...told }, null, 2)
      : summary(id, base.id, teaching),
  );
  if (!teaching.helps) process.exitCode = exitCode.no;
}

/** Vectors are stored under the embedder's id, so an id that means another embedder from one day to the next would mix them. */
function expectFree(id: string, folder: string, force: true | undefined): void {
  if (!/^[a-z0-9][a-z0-9.-]{2,63}$/.test(id) || isModelId(id)) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected an id of small letters, digits, dots and dashes that no other model has, received "${id}". Choose one with --id.`,
    );
  }
  if (force || !existsSync(join(folder, `${id}.json`))) return;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected an id that is free, received ${id}, which is in ${folder}. Choose another with --id; with --force it is replaced, and vectors that it made are worth nothing then.`,
  );
}

function tellEpoch({ number, loss, activeRate, trueMatchRate }: TaughtEpoch): void {
  console.error(
    `epoch ${String(number).padStart(3)}  loss ${loss.toFixed(4)}  pairs with a stranger within the margin ${percent(activeRate)}  true matches of others ${percent(trueMatchRate)}`,
  );
}

function summary(id: string, base: string, teaching: Teaching): string {
  const { taughtOn, chosenBy, judged, untaught, kept, helps, projection } = teaching;
  const row = (name: string, dims: number, matches: number, accuracy: number) =>
    `  ${name.padEnd(24)}${String(dims).padStart(6)}${percent(matches).padStart(15)}${percent(accuracy).padStart(12)}`;
  return [
    `taught on ${taughtOn.faces} faces of ${taughtOn.people} people; ${chosenBy.people} others chose epoch ${kept}${kept === 0 ? ' (nothing taught was better than the principal axes)' : ''}`,
    `judged on ${judged.faces} faces of ${judged.people} people whom neither has seen: ${judged.genuinePairs} pairs of the same, ${judged.impostorPairs} of different people`,
    '',
    `  ${' '.repeat(24)}  dims  matches@${judged.falseMatchRate.toExponential()}    accuracy`,
    row(base, projection.inputs, judged.trueMatchRate.before, judged.accuracy.before),
    row('principal axes', projection.outputs, untaught.trueMatchRate.after, untaught.accuracy.after),
    row(id, projection.outputs, judged.trueMatchRate.after, judged.accuracy.after),
    `  gain ${points(judged)} points of true matches`,
    '',
    helps
      ? `installed as ${id}; facenet reembed ${id} moves what is stored to it`
      : 'It does not help: nothing was installed.',
  ].join('\n');
}

function points({ gain, standardError }: PairedComparison): string {
  return `${gain < 0 ? '' : '+'}${(100 * gain).toFixed(2)} ± ${(100 * standardError).toFixed(2)}`;
}
