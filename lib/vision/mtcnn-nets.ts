/**
 * MTCNN's three nets, as the detector needs them. Inputs are float32 planes (N × 3 × height × width, R G B, standardised (byte − 127.5) / 128); rows run
 * down and columns right, as in the photo. Boxes are regressed as fractions of the window's side: left, top, right, bottom. `probability` is that of a face, 0..1.
 */
export interface MtcnnNets {
  /** How many calls may be under way at once. An input may be changed when the next call may be made: after the answer where this is 1, at once where it is more. */
  readonly atOnce: number;
  /** The proposal net over one pyramid level of any size ≥ 12: a 12 × 12 window every 2 pixels. The answer's maps are `rows` × `columns`, plane after plane. */
  pnet(input: Float32Array, height: number, width: number): Promise<ProposalMaps>;
  /** The refinement net over `count` windows of 24 × 24. `regression` is count × 4. */
  rnet(
    input: Float32Array,
    count: number,
  ): Promise<{ readonly probability: Float32Array; readonly regression: Float32Array }>;
  /** The output net over `count` windows of 48 × 48. `landmarks` is count × 10: five x, then five y, fractions of the window: left eye, right eye, nose, mouth left, mouth right. */
  onet(
    input: Float32Array,
    count: number,
  ): Promise<{
    readonly probability: Float32Array;
    readonly regression: Float32Array;
    readonly landmarks: Float32Array;
  }>;
}

export interface ProposalMaps {
  readonly rows: number;
  readonly columns: number;
  /** rows × columns */
  readonly probability: Float32Array;
  /** 4 × rows × columns: left, top, right, bottom */
  readonly regression: Float32Array;
}
