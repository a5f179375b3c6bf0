import type { RgbImage } from './image.ts';

/** A window of whole pixels that lies inside its image. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Resamples windows of photos by area into standardised planes, as MTCNN's reference does it: pixel i of n is the mean of the source pixels from
 * floor(i·m/n) to ceil((i+1)·m/n) (PyTorch's adaptive average pooling). It keeps a row of sums between calls, so one resampler serves one call at a time.
 */
export class AreaResampler {
  #sums = new Float64Array(0);

  /**
   * Fills `out`, from `offset` on, with three planes (R, G, B) of `rows` × `columns`, each value (byte − 127.5) / 128.
   */
  resample(image: RgbImage, window: Window, out: Float32Array, offset: number, rows: number, columns: number): void {
    const { data } = image;
    const stride = image.width * 3;
    const { left, top, width, height } = window;
    const length = width * 3;
    if (this.#sums.length < length) this.#sums = new Float64Array(length);
    const sums = this.#sums;
    const plane = rows * columns;
    for (let row = 0; row < rows; row++) {
      const firstRow = Math.floor((row * height) / rows);
      const endRow = Math.ceil(((row + 1) * height) / rows);
      let at = (top + firstRow) * stride + left * 3;
      for (let i = 0; i < length; i++) sums[i] = data[at + i];
      for (let y = firstRow + 1; y < endRow; y++) {
        at += stride;
        for (let i = 0; i < length; i++) sums[i] += data[at + i];
      }
      const to = offset + row * columns;
      for (let column = 0; column < columns; column++) {
        const first = Math.floor((column * width) / columns) * 3;
        const end = Math.ceil(((column + 1) * width) / columns) * 3;
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let i = first; i < end; i += 3) {
          red += sums[i];
          green += sums[i + 1];
          blue += sums[i + 2];
        }
        const share = 3 / ((end - first) * (endRow - firstRow) * 128);
        out[to + column] = red * share - 127.5 / 128;
        out[to + column + plane] = green * share - 127.5 / 128;
        out[to + column + 2 * plane] = blue * share - 127.5 / 128;
      }
    }
  }
}
