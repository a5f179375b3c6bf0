/** A decoded photo, upright: `data` is rows from the top, pixels from the left, bytes R G B in 0..255; length = width × height × 3. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
