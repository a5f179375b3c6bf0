import { percent } from '../percent.ts';
import { svgLine, svgPicture, svgText } from '../svg.ts';
import type { TaughtEpoch } from './teach-projection.ts';

/** Pixels of the picture, and of what lies around the plot. */
const size = { width: 640, height: 360, left: 64, right: 64, top: 40, bottom: 44 };
const colour = { loss: '#c0392b', matches: '#2471a3', grid: '#d5d8dc', text: '#2c3e50' };

/** Draws how the loss fell, and how the true matches of people who were not taught went, over the epochs, as SVG. The dotted line is the epoch that was kept. */
export function lossPicture(embedder: string, epochs: readonly TaughtEpoch[], kept: number): string {
  const right = size.width - size.right;
  const bottom = size.height - size.bottom;
  const x = (epoch: number) => size.left + ((epoch - 1) / Math.max(1, epochs.length - 1)) * (right - size.left);
  const curve = (
    values: readonly number[],
    stroke: string,
    edge: 'start' | 'end',
    write: (value: number) => string,
  ) => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const y = (value: number) => bottom - ((value - low) / (high - low || 1)) * (bottom - size.top);
    const at = edge === 'end' ? size.left - 8 : right + 8;
    return [
      svgLine(
        values.map((value, i) => [x(i + 1), y(value)] as const),
        stroke,
      ),
      ...[low, high].map((value) => svgText([at, y(value) + 4], write(value), edge, stroke)),
    ];
  };
  return svgPicture(size, `Triplet loss of ${embedder} over the epochs`, [
    `<path d="M${size.left} ${size.top}V${bottom}H${right}V${size.top}" fill="none" stroke="${colour.grid}"/>`,
    ...(kept > 0
      ? [`<path d="M${x(kept).toFixed(1)} ${size.top}V${bottom}" stroke="${colour.text}" stroke-dasharray="2 3"/>`]
      : []),
    ...curve(
      epochs.map(({ loss }) => loss),
      colour.loss,
      'end',
      (value) => value.toFixed(4),
    ),
    ...curve(
      epochs.map(({ trueMatchRate }) => trueMatchRate),
      colour.matches,
      'start',
      (value) => percent(value, 1),
    ),
    svgText([size.left, 24], 'triplet loss', 'start', colour.loss),
    svgText([right, 24], 'true matches of people not taught', 'end', colour.matches),
    svgText(
      [(size.left + right) / 2, size.height - 12],
      `epochs 1 to ${epochs.length}, ${embedder}`,
      'middle',
      colour.text,
    ),
  ]);
}
