import type { PhotoPorts } from '../lib/core/photo-faces.ts';

/** The bucket of a command that has none: nothing is in it. */
export const noStore: PhotoPorts['store'] = { read: async () => undefined };
