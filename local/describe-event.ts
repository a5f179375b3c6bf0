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

interface Named {
  readonly person: string;
  readonly similarity: number;
}

/** Whom a face was taken for, and who else it could be, each with the similarity; or unknown. */
export function describeIdentity(
  identity: (Named & { readonly ambiguous?: readonly Named[] | undefined }) | null | undefined,
): string {
  if (!identity) return 'unknown';
  return [identity, ...(identity.ambiguous ?? [])]
    .map(({ person, similarity }) => `${person} (${similarity.toFixed(1)})`)
    .join(' or ');
}
