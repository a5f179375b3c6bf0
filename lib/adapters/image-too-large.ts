import { ImageRejectedError } from '../core/errors.ts';

/** The answer to a file of more bytes than allowed. `received` is undefined when it was not read to its end. */
export function imageTooLarge(maxImageBytes: number, received?: number): ImageRejectedError {
  return new ImageRejectedError(
    'IMAGE_TOO_LARGE',
    `Expected at most ${maxImageBytes} bytes, received ${received ?? 'more'}. Use a smaller copy of the photo.`,
  );
}
