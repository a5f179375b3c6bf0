import { crc32 } from 'node:zlib';
import { fromBufferPromise } from 'yauzl';
import { ModelError } from '../../lib/core/errors.ts';
import type { Weights } from './onnx-graph.ts';
import { gather } from './permute.ts';
import { isTensor, type Pickled, type PickledTensor, PickleReader } from './pytorch-pickle.ts';

/** What PyTorch's format before 1.6 begins with (`torch/serialization.py`, MAGIC_NUMBER), and its only version. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyVersion = 1001;

/** The header before each file of a zip archive, and where in it the lengths of what follows it stand: the file's name, and the extra field (APPNOTE 6.3.10, 4.3.7). */
const localHeader = { signature: 0x04034b50, bytes: 30, nameLength: 26, extraLength: 28 } as const;

const floatStorage = 'torch.FloatStorage';
/** Bytes of an element, by the storage's type; a legacy file has to be walked through storage by storage. */
const elementBytes: Readonly<Record<string, number>> = {
  [floatStorage]: 4,
  'torch.DoubleStorage': 8,
  'torch.HalfStorage': 2,
  'torch.LongStorage': 8,
  'torch.IntStorage': 4,
  'torch.ShortStorage': 2,
  'torch.CharStorage': 1,
  'torch.ByteStorage': 1,
  'torch.BoolStorage': 1,
};

interface Storage {
  readonly bytes: Uint8Array;
  /** What their CRC-32 was when they were saved; the format before 1.6 does not say. */
  readonly crc32?: number;
}

type Storages = ReadonlyMap<string, Storage>;

/** The tensors of a PyTorch model, by the names that PyTorch gave them. */
export class StateDict {
  readonly #tensors: ReadonlyMap<Pickled, Pickled>;
  readonly #storages: Storages;

  constructor(tensors: ReadonlyMap<Pickled, Pickled>, storages: Storages) {
    this.#tensors = tensors;
    this.#storages = storages;
  }

  /**
   * Answers a tensor of float32, row-major, whatever the strides that it was saved with.
   * @throws ModelError MODEL_CORRUPT with the tensor's name, when it is missing, of another shape or type, not whole, damaged, or has values that are no numbers
   */
  get(name: string, shape: readonly number[]): Weights {
    const tensor = this.#tensors.get(name);
    if (!isTensor(tensor)) throw unlike(name, `of shape [${shape}]`, 'none of that name');
    if (tensor.shape.join() !== shape.join()) throw unlike(name, `of shape [${shape}]`, `[${tensor.shape}]`);
    if (tensor.storage.type !== floatStorage) throw unlike(name, `in a ${floatStorage}`, `a ${tensor.storage.type}`);
    const storage = this.#storages.get(tensor.storage.key);
    const needed = lastElement(tensor) + 1;
    const present = Math.floor((storage?.bytes.length ?? 0) / 4);
    if (!storage || needed > present) throw unlike(name, `with ${needed} values in its storage`, String(present));
    if (isDamaged(storage)) throw unlike(name, 'as it was saved, by its CRC-32', 'other bytes');
    const data = gather(floatsOf(storage.bytes), tensor);
    const odd = data.find((value) => !Number.isFinite(value));
    if (odd !== undefined) throw unlike(name, 'of numbers', `${odd} among them`);
    return { shape, data };
  }
}

/**
 * Reads a PyTorch state dict, in today's format (a zip archive) or in the one before PyTorch 1.6, without Python: nothing of the file is executed.
 * @throws ModelError MODEL_CORRUPT when it is none, is cut off, or says anything that a state dict does not
 */
export async function readStateDict(bytes: Uint8Array): Promise<StateDict> {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return isZip ? readZip(bytes) : readLegacy(bytes);
}

function readTensors(reader: PickleReader): ReadonlyMap<Pickled, Pickled> {
  const tensors = reader.read();
  if (tensors instanceof Map) return tensors;
  throw notStateDict('a dict of tensors, found something else in its place');
}

/** `<name>/data.pkl` refers to storages, each of which is a file of its own, `<name>/data/<key>`. */
async function readZip(bytes: Uint8Array): Promise<StateDict> {
  const files = await storedFiles(bytes);
  const [name, pickle] = [...files].find(([name]) => /^[^/]+\/data\.pkl$/.test(name)) ?? [];
  if (!name || !pickle) throw notStateDict('a zip archive with data.pkl, found none in it');
  if (isDamaged(pickle)) throw notStateDict('data.pkl as it was saved, by its CRC-32');
  const folder = name.slice(0, -'data.pkl'.length);
  const byteOrder = files.get(`${folder}byteorder`);
  if (byteOrder && Buffer.from(byteOrder.bytes).toString() !== 'little') throw notStateDict('little-endian values');
  const prefix = `${folder}data/`;
  const storages = [...files].filter(([name]) => name.startsWith(prefix));
  return new StateDict(
    readTensors(new PickleReader(pickle.bytes)),
    new Map(storages.map(([name, storage]) => [name.slice(prefix.length), storage])),
  );
}

/** Five pickles (magic, version, the machine, the dict, the keys of its storages), then each storage after its length in elements. */
function readLegacy(bytes: Uint8Array): StateDict {
  const reader = new PickleReader(bytes);
  if (bytes[0] !== 0x80 || reader.read() !== legacyMagic) throw notStateDict('a PyTorch file, received other bytes');
  const version = reader.read();
  if (version !== legacyVersion)
    throw notStateDict(`version ${legacyVersion} of PyTorch's format, received ${version}`);
  const machine = reader.read();
  if (machine instanceof Map && machine.get('little_endian') !== true) throw notStateDict('little-endian values');
  const tensors = readTensors(reader);
  const keys = reader.read();
  const users = new Map<Pickled, { readonly name: Pickled; readonly type: string }>();
  for (const [name, tensor] of tensors) {
    if (isTensor(tensor)) users.set(tensor.storage.key, { name, type: tensor.storage.type });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Storage>();
  let at = reader.position;
  for (const key of Array.isArray(keys) ? keys : []) {
    const user = users.get(key);
    const size = elementBytes[user?.type ?? ''];
    if (typeof key !== 'string' || !user || !size) {
      throw notStateDict(`a tensor in the storage ${String(key)}, found none`);
    }
    const from = at + 8;
    const end = from > bytes.length ? from : from + Number(view.getBigUint64(at, true)) * size;
    if (end > bytes.length) throw unlike(String(user.name), `up to byte ${end}`, `a file of ${bytes.length} bytes`);
    storages.set(key, { bytes: bytes.subarray(from, end) });
    at = end;
  }
  return new StateDict(tensors, storages);
}

/** The files of a zip archive, where they lie in it. PyTorch stores them as they are; one that is packed could unfold to any size. */
async function storedFiles(bytes: Uint8Array): Promise<Storages> {
  const files = new Map<string, Storage>();
  try {
    const archive = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    for await (const entry of archive.eachEntry()) {
      if (entry.compressionMethod !== 0) throw new RangeError(`${entry.fileName} is packed`);
      const { fileDataStart } = await archive.readLocalFileHeaderPromise(entry, { minimal: true });
      const stored = bytes.subarray(fileDataStart, fileDataStart + entry.uncompressedSize);
      files.set(entry.fileName, { bytes: stored, crc32: entry.crc32 });
    }
  } catch (cause) {
    const [name, elements, present] = firstCutOff(bytes) ?? [];
    if (name !== undefined) throw unlike(name, `with ${elements} values in its storage`, String(present));
    throw notStateDict('a whole zip archive of stored files, received one that is cut off, packed or broken', cause);
  }
  return files;
}

/**
 * Finds the first tensor that is not whole in an archive whose end is missing, and with it the list of its files: its name, how many values its storage had, and
 * how many are left. Before each file stands its name, too, and PyTorch writes the pickle first. Undefined when the pickle is cut off, or no tensor is.
 */
function firstCutOff(bytes: Uint8Array): readonly [name: string, elements: number, present: number] | undefined {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pickle = archive.length > localHeader.bytes ? fileName(archive, 0) : '';
  if (!pickle.endsWith('/data.pkl')) return undefined;
  const folder = pickle.slice(0, -'data.pkl'.length);
  let at = dataStart(archive, 0);
  for (const [name, tensor] of tensorsAt(archive, at)) {
    if (!isTensor(tensor)) continue;
    const { key, type, elements } = tensor.storage;
    at = findFile(archive, `${folder}data/${key}`, at) ?? findFile(archive, `${folder}data/${key}`) ?? archive.length;
    const present = Math.floor((archive.length - at) / elementBytes[type]!);
    if (present < elements) return [String(name), elements, Math.max(0, present)];
  }
  return undefined;
}

/** The tensors of a pickle that may be cut off; none when it is. */
function tensorsAt(archive: Buffer, at: number): ReadonlyMap<Pickled, Pickled> {
  try {
    return readTensors(new PickleReader(archive, at));
  } catch (error) {
    if (error instanceof ModelError) return new Map();
    throw error;
  }
}

function fileName(archive: Buffer, header: number): string {
  const start = header + localHeader.bytes;
  return archive.toString('utf8', start, start + archive.readUInt16LE(header + localHeader.nameLength));
}

/** Where the file behind a header begins. */
function dataStart(archive: Buffer, header: number): number {
  const { bytes, nameLength, extraLength } = localHeader;
  return header + bytes + archive.readUInt16LE(header + nameLength) + archive.readUInt16LE(header + extraLength);
}

/** Where a file of this name begins, looked for from a place on. */
function findFile(archive: Buffer, name: string, from = 0): number | undefined {
  const first = Math.max(from, localHeader.bytes);
  for (let at = archive.indexOf(name, first); at >= 0; at = archive.indexOf(name, at + 1)) {
    const header = at - localHeader.bytes;
    if (archive.readUInt32LE(header) !== localHeader.signature || fileName(archive, header) !== name) continue;
    return dataStart(archive, header);
  }
  return undefined;
}

function isDamaged({ bytes, crc32: saved }: Storage): boolean {
  return saved !== undefined && crc32(bytes) !== saved;
}

/** Where the last element of a tensor lies in its storage; before the first one when it has none. */
function lastElement({ offset, shape, strides }: PickledTensor): number {
  if (shape.includes(0)) return offset - 1;
  return shape.reduce((at, length, axis) => at + (length - 1) * strides[axis], offset);
}

/** A storage may begin at any byte of its file; floats cannot. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4));
}

function unlike(name: string, expected: string, received: string): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected the tensor "${name}" ${expected}, found ${received}. The weights are of another net, or the file is broken: fetch it again.`,
  );
}

function notStateDict(expected: string, cause?: unknown): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected ${expected}: this is no whole PyTorch state dict. Fetch the file again, or save the model's state_dict() with torch.save.`,
    { cause },
  );
}
