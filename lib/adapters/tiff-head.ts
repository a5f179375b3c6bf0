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

/**
 * What stands before the pixels in an uncompressed TIFF of one strip (TIFF 6.0; the profile as in ICC.1, annex B.4). The file is these bytes, and the samples
 * row after row.
 */
export function tiffHead({ width, height, channels, icc = new Uint8Array(0) }: TiffPicture): Buffer {
  const bits = Buffer.from(new Uint16Array(channels).fill(8).buffer);
  const fields = [
    [256, type.long, 1, width],
    [257, type.long, 1, height],
    [258, type.short, channels, bits],
    [262, type.short, 1, 2],
    [273, type.long, 1, 'pixels'],
    [277, type.short, 1, channels],
    [278, type.long, 1, height],
    [279, type.long, 1, width * height * channels],
    ...(channels === 4 ? ([[338, type.short, 1, 2]] as const) : []),
    ...(icc.length > 0 ? ([[34675, type.bytes, icc.length, icc]] as const) : []),
  ] as const;
  const directory = 8;
  const data = directory + 2 + fields.length * 12 + 4;
  const head = Buffer.alloc(data + bits.length + icc.length);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(directory, 4);
  head.writeUInt16LE(fields.length, directory);
  let end = data;
  for (const [i, [tag, kind, count, value]] of fields.entries()) {
    const at = directory + 2 + i * 12;
    head.writeUInt16LE(tag, at);
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
