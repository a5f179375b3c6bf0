import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readStateDict } from '../../../layers/models/pytorch-state-dict.ts';
import { legacyFile, PickleWriter, pickleOf, type SavedTensor, zipFile } from './pytorch-file.ts';

const tensors: Readonly<Record<string, SavedTensor>> = {
  'conv.weight': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  'bn.num_batches_tracked': { shape: [], data: BigInt64Array.of(7n) },
  // As TensorFlow's weights become PyTorch's: the same storage, read the other way round.
  'linear.weight': { shape: [3, 2], strides: [1, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  'shared.bias': { shape: [2], offset: 3, data: Float32Array.of(0, 0, 0, 8, 9) },
};

const formats = { zip: zipFile, legacy: legacyFile };

describe.each(Object.entries(formats))('a state dict in the %s format', (_, save) => {
  it('gives tensors by name, row-major whatever their strides', async () => {
    const weights = await readStateDict(save(tensors));
    expect([...weights.get('conv.weight', [2, 3]).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...weights.get('linear.weight', [3, 2]).data]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...weights.get('shared.bias', [2]).data]).toEqual([8, 9]);
  });

  it('is read at any place in memory', async () => {
    const file = save(tensors);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect((await readStateDict(shifted.subarray(1))).get('shared.bias', [2]).data[0]).toBe(8);
  });

  it('names the tensor that is missing, of another shape or of another type', async () => {
    const weights = await readStateDict(save(tensors));
    const code = 'MODEL_CORRUPT';
    expect(() => weights.get('conv.bias', [2])).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/"conv\.bias".*\[2\].*none/) }),
    );
    expect(() => weights.get('conv.weight', [3, 2])).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/"conv\.weight".*\[3,2\].*\[2,3\]/) }),
    );
    expect(() => weights.get('bn.num_batches_tracked', [])).toThrow(/"bn\.num_batches_tracked".*torch\.LongStorage/);
  });

  it('refuses a tensor that reaches beyond its storage', async () => {
    const weights = await readStateDict(save({ bias: { shape: [4], offset: 2, data: Float32Array.of(1, 2, 3) } }));
    expect(() => weights.get('bias', [4])).toThrow(/"bias".*6 values.*3/);
  });

  it('refuses a tensor with values that are no numbers', async () => {
    const weights = await readStateDict(save({ bias: { shape: [2], data: Float32Array.of(1, Number.NaN) } }));
    expect(() => weights.get('bias', [2])).toThrow(/"bias" of numbers, found NaN/);
  });

  it('is refused wherever it is cut off', async () => {
    const file = save(tensors);
    for (let length = 0; length < file.length; length += 7) {
      await expect(readStateDict(file.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: 'MODEL_CORRUPT',
      });
    }
  });

  it('runs nothing: a pickle that names a function of Python is refused by that name', async () => {
    const evil = new PickleWriter().global('os', 'system').text('touch /tmp/owned').raw(0x85, 0x52).end();
    await expect(readStateDict(save(tensors, evil))).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringContaining('"os.system"'),
    });
  });

  it.each([
    ['an opcode that makes objects of classes', [0x81], /opcode 0x81/],
    ['a value that was never kept', [0x68, 9], /stack/],
    ['nothing', [], /stack/],
    ['a number in place of the dict', [0x4b, 1], /dict of tensors/],
  ])('refuses a pickle with %s', async (_what, bytes, message) => {
    const pickle = new PickleWriter().raw(...bytes).end();
    await expect(readStateDict(save(tensors, pickle))).rejects.toThrow(message);
  });

  it('refuses a tensor put together of anything but a storage and whole numbers', async () => {
    const pickle = new PickleWriter().raw(0x7d).text('weight').global('torch._utils', '_rebuild_tensor_v2');
    pickle.tuple(() => pickle.text('storage').integer(-1));
    await expect(readStateDict(save(tensors, pickle.raw(0x52, 0x73).end()))).rejects.toThrow(/strides/);
  });
});

describe('a damaged file', () => {
  const [, last] = Object.values(tensors).slice(-2);
  const values = Buffer.from(last!.data.buffer);

  it('is told by the tensor whose bytes are not those that were saved', async () => {
    const file = Buffer.from(zipFile(tensors));
    file[file.indexOf(values) + values.length - 1]! ^= 1;
    const weights = await readStateDict(file);
    expect([...weights.get('conv.weight', [2, 3]).data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(() => weights.get('shared.bias', [2])).toThrow(
      expect.objectContaining({ code: 'MODEL_CORRUPT', message: expect.stringMatching(/"shared\.bias".*CRC-32/) }),
    );
  });

  it('is refused when its pickle is not what was saved, though it can be read', async () => {
    const file = Buffer.from(zipFile(tensors));
    file[file.indexOf('conv.weight')]! ^= 1;
    await expect(readStateDict(file)).rejects.toThrow(/data\.pkl as it was saved, by its CRC-32/);
  });

  it.each(Object.entries(formats))(
    'that lost its tail is told by the first tensor that is not whole (%s)',
    async (format, save) => {
      const file = Buffer.from(save(tensors));
      const cutIn = (name: string) => {
        const end = file.lastIndexOf(Buffer.from(tensors[name]!.data.buffer)) + tensors[name]!.data.byteLength;
        return readStateDict(file.subarray(0, end - 1));
      };
      const found = (name: string, zip: string) =>
        expect.objectContaining({
          code: 'MODEL_CORRUPT',
          message: expect.stringMatching(`"${name}" ${format === 'zip' ? zip : 'up to byte'}`),
        });
      await expect(cutIn('linear.weight')).rejects.toThrow(
        found('linear.weight', 'with 6 values in its storage, found 5'),
      );
      await expect(cutIn('shared.bias')).rejects.toThrow(found('shared.bias', 'with 5 values in its storage, found 4'));
    },
  );
});

describe('what is no state dict', () => {
  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a web page', Buffer.from('<!DOCTYPE html>')],
    ['a pickle of something else', pickleOf({}, true)],
    ['a zip archive without a pickle', zipSync({ 'readme.txt': Buffer.from('hello') }, { level: 0 })],
    ['a zip archive whose files are packed', zipSync({ 'net/data.pkl': new Uint8Array(100_000) })],
  ])('refuses %s', async (_, bytes) => {
    await expect(readStateDict(bytes)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });
});
