import type { Calibration } from '../../lib/vision/calibration.ts';
import type { DistanceHistogram } from '../../lib/vision/distance-histogram.ts';
import { tailDistanceAt } from '../../lib/vision/false-match-tail.ts';
import { type PlotPoint, svgLine, svgPicture, svgText } from '../svg.ts';

/** Pixels of the picture, and of what lies around the plot. */
const size = { width: 760, height: 440, left: 70, right: 20, top: 46, bottom: 50 };
/** The lowest rate that is drawn is 10 to the power of this. */
const lowest = -6;
const colour = { impostor: '#c0392b', genuine: '#2471a3', grid: '#d5d8dc', text: '#2c3e50' };

/**
 * Draws what a threshold does, as SVG: over the distance, on a logarithmic scale, how many pairs of strangers are nearer (false matches; dashed where
 * it is the fitted tail) and how many genuine pairs are not (missed matches). Lines mark the distances of similarity 80 and 99.
 */
export function calibrationPicture(
  embedder: string,
  { similarity, tail, fitted }: Calibration,
  { genuine, impostor }: { readonly genuine: DistanceHistogram; readonly impostor: DistanceHistogram },
): string {
  const near = tailDistanceAt(tail, 10 ** lowest);
  const from = Math.floor(near * 10) / 10;
  const to = Math.ceil(impostor.distanceAt(0.9) * 10) / 10;
  const x = (distance: number) => size.left + ((distance - from) / (to - from)) * (size.width - size.left - size.right);
  const y = (rate: number) => size.top + (Math.log10(rate) / lowest) * (size.height - size.top - size.bottom);
  const step = (to - from) / 300;
  const distances = Array.from({ length: 301 }, (_, i) => from + i * step);
  const firstFitted = Math.max(...fitted, 0);
  const counted = distances
    .map((d) => [d, impostor.nearer(d) / impostor.total] as const)
    .filter(([, r]) => r >= firstFitted * 1.01 && r > 0);
  const missed = distances
    .map((d) => [d, 1 - genuine.nearer(d) / genuine.total] as const)
    .filter(([, r]) => r >= 10 ** lowest);
  const rates = Array.from(
    { length: 41 },
    (_, i) => tail.falseMatchRate * (10 ** lowest / tail.falseMatchRate) ** (i / 40),
  );
  const fit = rates.map((rate) => [tailDistanceAt(tail, rate), rate] as const);
  const line = (points: readonly (readonly [distance: number, rate: number])[], stroke: string, dashed = false) =>
    svgLine(
      points.map(([d, rate]) => [x(d), y(rate)] as const),
      stroke,
      dashed,
    );
  const text = (at: PlotPoint, words: string, anchor: 'start' | 'middle' | 'end' = 'middle', fill = colour.text) =>
    svgText(at, words, anchor, fill);
  const bottom = size.height - size.bottom;
  const right = size.width - size.right;
  const decades = Array.from({ length: 1 - lowest }, (_, i) => -i).flatMap((decade) => [
    `<path d="M${size.left} ${y(10 ** decade).toFixed(1)}H${right}" stroke="${colour.grid}"/>`,
    text([size.left - 8, y(10 ** decade) + 4], decade === 0 ? '1' : `1e${decade}`, 'end'),
  ]);
  const tenth = to - from > 1 ? 2 : 1;
  const ticks = Array.from(
    { length: Math.floor((to - from) * 10 + 0.5) / tenth + 1 },
    (_, i) => from + (i * tenth) / 10,
  )
    .filter((d) => d <= to + 1e-9)
    .map((d) => text([x(d), bottom + 20], d.toFixed(1)));
  const marks = similarity
    .filter((knot) => knot.similarity === 80 || knot.similarity === 99)
    .flatMap(({ distance, similarity }) => [
      `<path d="M${x(distance).toFixed(1)} ${size.top}V${bottom}" stroke="${colour.text}" stroke-dasharray="2 3"/>`,
      // One above the other, as the two distances may be near each other, and the nearer one near the axis.
      text([x(distance), size.top - (similarity === 99 ? 22 : 6)], `similarity ${similarity}: ${distance}`, 'start'),
    ]);
  return svgPicture(size, `False and missed matches of ${embedder} over the threshold`, [
    ...decades,
    ...ticks,
    ...marks,
    line(fit, colour.impostor, true),
    line(counted, colour.impostor),
    line(missed, colour.genuine),
    text([(size.left + right) / 2, size.height - 10], `threshold (distance), ${embedder}`),
    text([right - 6, bottom - 34], 'missed matches', 'end', colour.genuine),
    text([right - 6, bottom - 14], 'false matches (dashed: fitted)', 'end', colour.impostor),
  ]);
}
