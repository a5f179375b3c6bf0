import sharp from 'sharp';
import type { BoundingBox, Landmarks } from '../vision/geometry.ts';
import { photoSize, type RgbImage, type Size } from '../vision/image.ts';

/** A face to be drawn, and whose it is. Without `person` it is unknown. */
export interface DrawnFace {
  readonly box: BoundingBox;
  readonly landmarks: Landmarks;
  readonly person?: string;
  /** 0..100 */
  readonly similarity?: number;
}

const colours = { known: '#3ddc84', unknown: '#ffb300', halo: '#000000' };

/** Parts of the photo's shorter side, and the fewest pixels that can still be seen. */
const scale = { line: { part: 1 / 300, least: 1 }, text: { part: 1 / 28, least: 11 } };

/**
 * Draws boxes, landmarks and names with their similarity on a photo, in sizes that go with it, and answers it as a JPEG or PNG file. Names are set in
 * whatever font the machine has for them; on one without any, boxes and landmarks are drawn all the same.
 */
export async function drawFaces(
  photo: RgbImage,
  faces: readonly DrawnFace[],
  format: 'jpeg' | 'png',
): Promise<Uint8Array> {
  const { width, height, data } = photo;
  const size = photoSize(photo);
  const drawing = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false }).composite([
    { input: Buffer.from(overlay(size, photo, faces)), limitInputPixels: false },
  ]);
  return drawing.toFormat(format, format === 'jpeg' ? { quality: 92 } : {}).toBuffer();
}

function overlay({ width, height }: Size, image: Size, faces: readonly DrawnFace[]): string {
  const side = Math.min(width, height);
  const line = Math.max(scale.line.least, side * scale.line.part);
  const text = Math.max(scale.text.least, side * scale.text.part);
  const shapes = faces.map((face) => {
    const colour = face.person === undefined ? colours.unknown : colours.known;
    return `<g fill="none" stroke="${colour}">${boxOf(face, line)}${pointsOf(face, colour, line)}${labelOf(face, colour, { width, line, text })}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${image.width}" height="${image.height}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${shapes.join('')}</svg>`;
}

/** A dark line beneath the coloured one, so that it is seen on any ground. */
function boxOf({ box: { left, top, width, height } }: DrawnFace, line: number): string {
  const rectangle = `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="${2 * line}"`;
  return `${rectangle} stroke="${colours.halo}" stroke-opacity="0.5" stroke-width="${3 * line}"/>${rectangle} stroke-width="${1.5 * line}"/>`;
}

/** Smaller on smaller faces, where they would hide the face. */
function pointsOf({ landmarks, box }: DrawnFace, colour: string, line: number): string {
  const radius = Math.min(1.8 * line, box.width / 24);
  return Object.values(landmarks)
    .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}" stroke="none"/>`)
    .join('');
}

/** Above the box, or within it where the photo ends; it grows to the left where the photo ends on the right. */
function labelOf(
  { box, person, similarity }: DrawnFace,
  colour: string,
  { width, line, text }: { readonly width: number; readonly line: number; readonly text: number },
): string {
  if (person === undefined) return '';
  const label = similarity === undefined ? person : `${person} ${Math.floor(similarity)} %`;
  const above = box.top - 3 * line;
  const baseline = above > text ? above : Math.max(box.top, 0) + text;
  const growsLeft = box.left + box.width / 2 > (2 * width) / 3;
  const x = growsLeft ? Math.min(box.left + box.width, width) : Math.max(box.left, 0);
  return `<text x="${x}" y="${baseline}" text-anchor="${growsLeft ? 'end' : 'start'}" font-family="sans-serif" font-weight="bold" font-size="${text}" fill="${colour}" stroke="${colours.halo}" stroke-width="${text / 6}" stroke-linejoin="round" paint-order="stroke">${xmlText(label)}</text>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text as XML carries it; control characters and halves of characters have no place in it. */
function xmlText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Cn}]/gu, '').replace(/[&<>"']/g, (character) => entities[character]!);
}
