import { ImageRejectedError } from '../core/errors.ts';

/** A photo of which a part, its header or its pixels, cannot be read. */
export function corruptImage(part: 'header' | 'pixels', cause: unknown): ImageRejectedError {
  return new ImageRejectedError(
    'CORRUPT_IMAGE',
    `Expected a whole photo, received one whose ${part} cannot be read. It may have been cut off on its way; upload it again.`,
    { cause },
  );
}

/** A photo that takes longer than it may; `width` and `height` are undefined when not even its header was read in time. */
export function slowImage(
  timeoutSeconds: number,
  size: { readonly width: number; readonly height: number } | undefined,
  cause: unknown,
): ImageRejectedError {
  const which = size ? `one of ${size.width} × ${size.height} that` : 'one that';
  return new ImageRejectedError(
    'IMAGE_TOO_SLOW',
    `Expected a photo that decodes in ${timeoutSeconds} s, received ${which} takes longer. Use a smaller copy, or save it as a plain JPEG.`,
    { cause },
  );
}
