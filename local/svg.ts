/** Pixels of a picture, and of what lies around its plot. */
export interface PlotSize {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A point of a picture, in pixels from its upper left corner. */
export type PlotPoint = readonly [x: number, y: number];

/** An SVG of its parts on white. */
export function svgPicture({ width, height }: PlotSize, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Words whose start, middle or end is at a point of their baseline. */
export function svgText([x, y]: PlotPoint, words: string, anchor: 'start' | 'middle' | 'end', fill: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${fill}">${words}</text>`;
}

/** A line through points. */
export function svgLine(points: readonly PlotPoint[], stroke: string, dashed = false): string {
  const path = points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  return `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="2"${dashed ? ' stroke-dasharray="6 4"' : ''}/>`;
}
