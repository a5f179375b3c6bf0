import type { FacenetEvent } from '../lib/core/events.ts';
import { counted } from './counted.ts';

/** Says in one line what happened, for a person at a terminal. */
export function describeEvent({ type, detail }: FacenetEvent): string {
  const key = detail.image.key ?? detail.image.imageId;
  switch (type) {
    case 'Person Enrolled':
      return `enrolled   ${key}: ${detail.person}`;
    case 'Image Rejected':
      return `rejected   ${key}: ${detail.code}: ${detail.reason}`;
    case 'Faces Erased':
      return `erased     ${key}: ${counted(detail.faceIds.length, 'face')} (${detail.reason})`;
    case 'Image Indexed':
      return `indexed    ${key}: ${detail.faces.length === 0 ? 'no face' : detail.faces.map(({ identity }) => describeIdentity(identity)).join(', ')}`;
  }
}

/** Whom a face was taken for, with the similarity; or unknown. */
export function describeIdentity(
  identity: { readonly person: string; readonly similarity: number } | null | undefined,
): string {
  return identity ? `${identity.person} (${identity.similarity.toFixed(1)})` : 'unknown';
}
