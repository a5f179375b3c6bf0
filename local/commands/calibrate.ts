import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { catalog, isModelId } from '../../layers/models/catalog.ts';
import { modelsFolder, readVisionConfig } from '../../lib/config.ts';
import { RequestError } from '../../lib/core/errors.ts';
import { type CalibrationReport, expectEnoughPairs, reportCalibration } from '../evaluation/calibration-report.ts';
import type { FaceChoice } from '../evaluation/embed-photos.ts';
import { embedLabelledPhotos, labelledPhotosIn, tellLeftOut } from '../evaluation/labelled-photos.ts';
import { cacheOption, faceOption } from '../options.ts';
import { expectFolderOf, writeOutput } from '../output-file.ts';
import { percent } from '../percent.ts';
import { openVision } from '../vision.ts';

interface Options {
  readonly images: string;
  readonly embedder?: string;
  readonly face: FaceChoice;
  readonly cache?: string;
  readonly picture?: string;
  readonly write?: true;
  readonly json?: true;
}

/** `facenet calibrate`: what an embedder's distances mean on one's own people. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description(
      "measure what an embedder's distances mean: false and true matches at each threshold, on labelled photos",
    )
    .requiredOption('--images <dir>', 'a folder that has a folder of photos for each person')
    .option('--embedder <id>', 'which embedder; usually the one of the settings')
    .addOption(faceOption())
    .addOption(cacheOption())
    .option('--picture <file>', 'draw the curves, as SVG')
    .option('--write', "put the numbers into the embedder's card (not for those that come with their numbers)")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Similarity 80 is one false match in 1,000 pairs of different people, 99 one in 100,000. Rates at which fewer than 100 pairs are nearer are
read off a tail fitted to the nearest pairs.

Example:
  facenet calibrate --images lfw/images --picture curve.svg`,
    )
    .action(async ({ images, embedder, face, cache, picture, write, json }: Options) => {
      if (write) expectOwnNumbers(embedder ?? readVisionConfig().embedder);
      if (picture) await expectFolderOf(picture);
      const photos = await labelledPhotosIn(images);
      expectEnoughPairs(photos.map(({ person }) => person));
      const vision = await openVision(embedder);
      const { id } = vision.embedder.card;
      const { faces, leftOut } = await embedLabelledPhotos(vision, images, photos, face, cache);
      tellLeftOut(leftOut);
      const { report, picture: drawn } = reportCalibration(id, faces);
      if (picture) await writeOutput(picture, drawn);
      if (write) await writeCard(id, report);
      console.log(json ? JSON.stringify({ photos: photos.length, leftOut, ...report }, null, 2) : tableOf(report));
    });
}

/** Models whose files are pinned have their card pinned, too: whoever makes them again gets the catalog's. */
function expectOwnNumbers(id: string): void {
  if (!isModelId(id) || !('files' in catalog[id])) return;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected an embedder whose card is its own, received ${id}, whose numbers stand in layers/models/catalog.ts. Put them there, or leave --write out.`,
  );
}

async function writeCard(id: string, { operatingPoints, similarity }: CalibrationReport): Promise<void> {
  const file = join(modelsFolder(), `${id}.json`);
  const card = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, `${JSON.stringify({ ...card, operatingPoints, similarity }, null, 2)}\n`);
}

function tableOf({ embedder, people, faces, genuinePairs, impostorPairs, fitted, table }: CalibrationReport): string {
  return [
    `${embedder}: ${faces} faces of ${people} people, ${genuinePairs} pairs of the same and ${impostorPairs} of different people`,
    '',
    '  similarity  distance  false match rate  true match rate',
    ...table.map(
      (row) =>
        `  ${String(row.similarity).padStart(10)}  ${row.distance.toFixed(4).padStart(8)}  ${row.falseMatchRate.toExponential(1).padStart(16)}  ${percent(row.trueMatchRate).padStart(15)}`,
    ),
    ...(fitted.length > 0 ? [`  false match rates up to ${Math.max(...fitted)} are read off the fitted tail`] : []),
  ].join('\n');
}
