import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { RequestError } from '../../lib/core/errors.ts';
import type { Naming } from '../../lib/vision/labelled-faces.ts';
import { embedPhotos, type FaceChoice } from '../evaluation/embed-photos.ts';
import { type Evaluation, evaluate } from '../evaluation/evaluate.ts';
import { photosOf, readPairs } from '../evaluation/pairs-file.ts';
import { faceOption } from '../options.ts';
import { percent } from '../percent.ts';
import { startProgressBar } from '../progress-bar.ts';
import { openVision } from '../vision.ts';

interface Options {
  readonly pairs: string;
  readonly images: string;
  readonly embedder?: string;
  readonly face: FaceChoice;
  readonly json?: true;
}

/** `facenet eval`: how good detector and embedder are on judged pairs of photos. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('measure on judged pairs: faces found, verification accuracy, true matches at given false matches')
    .requiredOption('--pairs <file>', 'tab-separated, with the columns fold, image_a, image_b and same (1 or 0)')
    .requiredOption('--images <dir>', 'the folder that the photos of the pairs lie in')
    .option('--embedder <id>', 'which embedder; usually the one of the settings')
    .addOption(faceOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Where photos lie in a folder a person, false match rates are of all their pairs of different people; else of the listed ones.

Example:
  facenet eval --pairs lfw/pairs.tsv --images lfw/images`,
    )
    .action(async ({ pairs: file, images, embedder, face, json }: Options) => {
      const pairs = readPairs(await readText(file));
      const photos = photosOf(pairs);
      const vision = await openVision(embedder);
      const bar = startProgressBar('photos', photos.length);
      const embeddings = await embedPhotos(vision, images, photos, { choice: face, onPhoto: bar.advance }).finally(
        bar.stop,
      );
      const evaluation = evaluate(vision.embedder.card.id, pairs, embeddings);
      console.log(json ? JSON.stringify(evaluation, null, 2) : tableOf(evaluation));
    });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new RequestError('INVALID_REQUEST', `Expected a file of pairs at ${file}, found none that can be read.`, {
      cause,
    });
  }
}

function tableOf(evaluation: Evaluation): string {
  const { embedder, photos, photosWithFace, pairs, accuracy, accuracyDeviation, thresholds, identification, namings } =
    evaluation;
  const lines = [
    `${embedder}: ${pairs} pairs of ${photos} photos`,
    `  a face found in  ${photosWithFace} photos (${percent(photosWithFace / photos)})`,
    `  accuracy         ${percent(accuracy)} ± ${percent(accuracyDeviation)} over the folds, each judged by the threshold of the others`,
    '',
    '  false match rate  true match rate  distance',
    ...thresholds.map(
      ({ falseMatchRate, trueMatchRate, distance, falseMatches }) =>
        `  ${falseMatchRate.toExponential().padEnd(16)}  ${percent(trueMatchRate).padEnd(15)}  ${distance.toFixed(4)}  (${falseMatches} false matches)`,
    ),
    `  of ${evaluation.impostorPairs} pairs of different people and ${evaluation.genuinePairs} of the same (${evaluation.ratesOf === 'all' ? 'all that the photos allow' : 'the listed ones'})`,
  ];
  if (identification) {
    const { enrolled, searches, rankOneRate, trueIdentificationRate, falseAlarmRate, distance } = identification;
    lines.push(
      '',
      `  one photo enrolled of each of ${enrolled} people, ${searches} others searched`,
      `    rank 1                                ${percent(rankOneRate)}`,
      `    identified at ${percent(falseAlarmRate)} false alarms     ${percent(trueIdentificationRate)} (distance ${distance.toFixed(4)})`,
    );
  }
  if (namings) {
    const row = (who: string, { named, ambiguous }: Naming) =>
      `    ${who.padEnd(36)}  ${String(named).padEnd(6)}  ${named ? percent(ambiguous / named) : ''}`;
    lines.push(
      '',
      '  named at 1e-3 by these searches         of them with somebody else beside',
      row('rightly', namings.right),
      row('wrongly, though enrolled', namings.wrong),
      row('wrongly, as if not enrolled', namings.strangers),
    );
  }
  return lines.join('\n');
}
