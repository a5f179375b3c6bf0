import { describe, expect, it } from 'vitest';
import { buildMobilefacenet } from '../../../layers/models/mobilefacenet.ts';
import { readTflite } from '../../../layers/models/tflite.ts';

describe('a TensorFlow Lite file', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['of another kind', Buffer.from('\x08\0\0\0ONNX and what follows')],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => readTflite(bytes)).toThrow(expect.objectContaining({ code: 'MODEL_CORRUPT' }));
    expect(() => buildMobilefacenet(bytes)).toThrow(/TensorFlow Lite/);
  });
});
