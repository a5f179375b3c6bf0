import { InvalidArgumentError, Option } from 'commander';

/** Reads a number from the command line, within bounds. */
export function numberOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== '' && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}, received "${text}".`);
  };
}

/** Reads a whole number from the command line, within bounds. */
export function wholeOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}, received "${text}".`);
  };
}

/** Reads a TCP port from the command line; 0 is any free one. */
export const portOption = wholeOption(0, 65_535);

/** Reads from the command line how much is done at the same time. */
export const concurrencyOption = wholeOption(1, 64);

/** Reads a similarity from the command line. */
export const similarityOption = numberOption(0, 100);

/** Which face a photo of somebody is of, where it has several. */
export function faceOption(): Option {
  return new Option(
    '--face <which>',
    'the face that a photo is of: nearest the middle, as in photos cut around a person, or the largest',
  )
    .choices(['central', 'largest'])
    .default('central');
}

/** Where the vectors of labelled photos are kept, for those who are interrupted or try again. */
export function cacheOption(): Option {
  return new Option('--cache <file>', "keep the photos' vectors there, for another try; they are biometric data");
}
