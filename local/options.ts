import { InvalidArgumentError, Option } from 'commander';

/** Reads a TCP port from the command line; 0 is any free one. */
export function portOption(text: string): number {
  return wholeNumber(text, 0, 65_535);
}

/** Reads a number of results from the command line. */
export function countOption(text: string): number {
  return wholeNumber(text, 1, 100);
}

/** Reads seconds from the command line, an hour at most. */
export function secondsOption(text: string): number {
  return wholeNumber(text, 1, 3600);
}

/** Reads from the command line how much is done at the same time. */
export function concurrencyOption(text: string): number {
  return wholeNumber(text, 1, 64);
}

/** Reads a number of photos from the command line. */
export function photosOption(text: string): number {
  return wholeNumber(text, 1, 1_000_000);
}

/** Reads a similarity from the command line. */
export function percentOption(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && number <= 100) return number;
  throw new InvalidArgumentError(`Expected a number from 0 to 100, received "${text}".`);
}

function wholeNumber(text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}, received "${text}".`);
}

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
