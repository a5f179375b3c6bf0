/** A picture of 8-bit samples: red, green, blue, and alpha where there are four channels. */
export interface TiffPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** An ICC profile. */
  readonly icc?: Uint8Array | undefined;
}

/** Field types of TIFF 6.0, section 2. */
const type = { short: 3, long: 4, bytes: 7 } as const;

/** Fields of TIFF 6.0, sections 4, 6 and 18, and of ICC.1, annex B.4. */
const tag = {
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  photometricInterpretation: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  extraSamples: 338,
  iccProfile: 34675,
} as const;
/** Values of two of them: red, green and blue; alpha that is not multiplied into these. */
const rgb = 2;
const unassociatedAlpha = 2;

/**
 * What stands before the pixels in an uncompressed TIFF of one strip (TIFF 6.0; the profile as in ICC.1, annex B.4). The file is these bytes, and the samples
 * row after row.
 */
export function tiffHead({ width, height, channels, icc = new Uint8Array(0) }: TiffPicture): Buffer {
  const bits = Buffer.from(new Uint16Array(channels).fill(8).buffer);
  const fields = [
    [tag.imageWidth, type.long, 1, width],
    [tag.imageLength, type.long, 1, height],
    [tag.bitsPerSample, type.short, channels, bits],
    [tag.photometricInterpretation, type.short, 1, rgb],
    [tag.stripOffsets, type.long, 1, 'pixels'],
    [tag.samplesPerPixel, type.short, 1, channels],
    [tag.rowsPerStrip, type.long, 1, height],
    [tag.stripByteCounts, type.long, 1, width * height * channels],
    ...(channels === 4 ? ([[tag.extraSamples, type.short, 1, unassociatedAlpha]] as const) : []),
    ...(icc.length > 0 ? ([[tag.iccProfile, type.bytes, icc.length, icc]] as const) : []),
  ] as const;
  const directory = 8;
  const data = directory + 2 + fields.length * 12 + 4;
  const head = Buffer.alloc(data + bits.length + icc.length);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(directory, 4);
  head.writeUInt16LE(fields.length, directory);
  let end = data;
  for (const [i, [id, kind, count, value]] of fields.entries()) {
    const at = directory + 2 + i * 12;
    head.writeUInt16LE(id, at);
    head.writeUInt16LE(kind, at + 2);
    head.writeUInt32LE(count, at + 4);
    if (value instanceof Uint8Array) {
      head.writeUInt32LE(end, at + 8);
      head.set(value, end);
      end += value.length;
    } else {
      head.writeUInt32LE(value === 'pixels' ? head.length : value, at + 8);
    }
  }
  return head;
}
