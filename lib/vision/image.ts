export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A decoded photo, upright: `data` is rows from the top, pixels from the left, bytes R G B in 0..255; length = width × height × 3. */
export interface RgbImage extends Size {
  readonly data: Uint8Array;
  /** The size of the upright photo, where this is a smaller copy of it. Boxes and landmarks are in the photo's pixels all the same. */
  readonly photo?: Size;
}

/** A window of whole pixels that lies inside its image. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The size of the photo that an image shows, in the pixels that boxes and landmarks count. */
export function photoSize({ width, height, photo }: Omit<RgbImage, 'data'>): Size {
  return photo ?? { width, height };
}
