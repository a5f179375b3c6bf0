import { ModelError } from '../../lib/core/errors.ts';

/** A tensor as a pickle tells of it: where its values lie in a storage, in elements. */
export interface PickledTensor {
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A storage that a pickle refers to: its values lie elsewhere in the file, under `key`. */
export interface PickledStorage {
  readonly type: string;
  readonly key: string;
  readonly elements: number;
}

/** What a pickle of a state dict can hold. */
export type Pickled =
  | number
  | bigint
  | boolean
  | string
  | null
  | Pickled[]
  | Map<Pickled, Pickled>
  | Global
  | PickledStorage
  | PickledTensor;

/** A name of Python's. It stays a name: nothing is looked up by it, imported or called. */
class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** All that a state dict needs of Python: its dict, what puts a tensor together, and the kinds of storages. */
const orderedDict = 'collections.OrderedDict';
const rebuildTensor = 'torch._utils._rebuild_tensor_v2';
const rebuildParameter = 'torch._utils._rebuild_parameter';
const storageName = /^torch\.(Float|Double|Half|Long|Int|Short|Char|Byte|Bool)Storage$/;

/** Opcodes of pickle protocol 2, in which PyTorch writes, as Python's `pickletools` tells them. */
const opcode = {
  mark: 0x28, // (
  emptyTuple: 0x29, // )
  stop: 0x2e, // .
  binInt: 0x4a, // J
  binInt1: 0x4b, // K
  binInt2: 0x4d, // M
  none: 0x4e, // N
  binPersId: 0x51, // Q
  reduce: 0x52, // R
  binUnicode: 0x58, // X
  emptyList: 0x5d, // ]
  append: 0x61, // a
  build: 0x62, // b
  global: 0x63, // c
  appends: 0x65, // e
  binGet: 0x68, // h
  longBinGet: 0x6a, // j
  binPut: 0x71, // q
  longBinPut: 0x72, // r
  setItem: 0x73, // s
  tuple: 0x74, // t
  setItems: 0x75, // u
  emptyDict: 0x7d, // }
  proto: 0x80,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  newTrue: 0x88,
  newFalse: 0x89,
  long1: 0x8a,
} as const;

/**
 * Reads the pickles of a PyTorch file, one after the other. It knows the few opcodes and names that a state dict is made of; whatever else a pickle can
 * say, in Python even to run a program, is refused by name before anything comes of it.
 */
export class PickleReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** Where the last pickle ended. */
  get position(): number {
    return this.#at;
  }

  /**
   * Reads the next pickle.
   * @throws ModelError MODEL_CORRUPT when it ends too early, or holds an opcode or a name that no state dict has
   */
  read(): Pickled {
    const stack: Pickled[] = [];
    const marks: number[] = [];
    const memo = new Map<number, Pickled>();
    const top = () => present(stack.at(-1));
    const pop = () => present(stack.pop());
    const popMarked = (): Pickled[] => stack.splice(marks.pop() ?? Number.POSITIVE_INFINITY);
    const popTuple = (length: number): Pickled[] => Array.from({ length }, pop).reverse();
    for (;;) {
      const code = this.#byte();
      switch (code) {
        case opcode.stop:
          return pop();
        case opcode.proto:
          this.#byte();
          break;
        case opcode.mark:
          marks.push(stack.length);
          break;
        case opcode.none:
          stack.push(null);
          break;
        case opcode.newTrue:
          stack.push(true);
          break;
        case opcode.newFalse:
          stack.push(false);
          break;
        case opcode.binInt:
          stack.push(this.#take(4).readInt32LE());
          break;
        case opcode.binInt1:
          stack.push(this.#byte());
          break;
        case opcode.binInt2:
          stack.push(this.#take(2).readUInt16LE());
          break;
        case opcode.long1:
          stack.push(longOf(this.#take(this.#byte())));
          break;
        case opcode.binUnicode:
          stack.push(this.#take(this.#take(4).readUInt32LE()).toString());
          break;
        case opcode.emptyDict:
          stack.push(new Map());
          break;
        case opcode.emptyList:
        case opcode.emptyTuple:
          stack.push([]);
          break;
        case opcode.tuple:
          stack.push(popMarked());
          break;
        case opcode.tuple1:
        case opcode.tuple2:
        case opcode.tuple3:
          stack.push(popTuple(code - opcode.tuple1 + 1));
          break;
        case opcode.append:
          appendTo([pop()], top());
          break;
        case opcode.appends:
          appendTo(popMarked(), top());
          break;
        case opcode.setItem:
          setIn(popTuple(2), top());
          break;
        case opcode.setItems:
          setIn(popMarked(), top());
          break;
        case opcode.binPut:
          memo.set(this.#byte(), top());
          break;
        case opcode.longBinPut:
          memo.set(this.#take(4).readUInt32LE(), top());
          break;
        case opcode.binGet:
          stack.push(present(memo.get(this.#byte())));
          break;
        case opcode.longBinGet:
          stack.push(present(memo.get(this.#take(4).readUInt32LE())));
          break;
        case opcode.global:
          stack.push(knownGlobal(`${this.#line()}.${this.#line()}`));
          break;
        case opcode.reduce:
          stack.push(reduce(...(popTuple(2) as [Pickled, Pickled])));
          break;
        case opcode.build:
          // The state of an OrderedDict is PyTorch's `_metadata`, the versions of its modules: of no use here.
          pop();
          break;
        case opcode.binPersId:
          stack.push(storageOf(pop()));
          break;
        default:
          throw refused(`the pickle opcode 0x${code.toString(16).padStart(2, '0')}`);
      }
    }
  }

  #byte(): number {
    return this.#take(1)[0];
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed(`${length} more bytes at ${this.#at}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw malformed(`the end of a name at ${this.#at}`);
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line;
  }
}

function present(value: Pickled | undefined): Pickled {
  if (value === undefined) throw malformed('a value on its stack');
  return value;
}

function knownGlobal(name: string): Global {
  if (name === orderedDict || name === rebuildTensor || name === rebuildParameter || storageName.test(name)) {
    return new Global(name);
  }
  throw refused(`the name "${name.slice(0, 100)}"`);
}

function reduce(callable: Pickled, given: Pickled): Pickled {
  if (callable instanceof Global && Array.isArray(given)) {
    if (callable.name === orderedDict && given.length === 0) return new Map();
    if (callable.name === rebuildParameter && given.length > 0) return given[0];
    if (callable.name === rebuildTensor) return tensorOf(given);
  }
  throw malformed('an OrderedDict or a tensor where it puts something together');
}

function tensorOf([storage, offset, shape, strides]: readonly Pickled[]): PickledTensor {
  if (
    isStorage(storage) &&
    isCount(offset) &&
    isCounts(shape) &&
    isCounts(strides) &&
    shape.length === strides.length
  ) {
    return { storage, offset, shape, strides };
  }
  throw malformed('a storage, an offset, a shape and strides where it puts a tensor together');
}

/** A reference to a storage: ('storage', its type, its key, the device it was on, its length in elements). */
function storageOf(reference: Pickled): PickledStorage {
  const [kind, type, key, , elements] = Array.isArray(reference) ? reference : [];
  if (kind === 'storage' && type instanceof Global && typeof key === 'string' && isCount(elements)) {
    return { type: type.name, key, elements };
  }
  throw malformed('a reference to a storage');
}

function isStorage(value: Pickled | undefined): value is PickledStorage {
  return typeof value === 'object' && value !== null && 'elements' in value;
}

/** Whether a value is a tensor. */
export function isTensor(value: Pickled | undefined): value is PickledTensor {
  return typeof value === 'object' && value !== null && 'strides' in value;
}

function isCount(value: Pickled | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function appendTo(values: readonly Pickled[], list: Pickled): void {
  if (!Array.isArray(list)) throw malformed('a list where it appends');
  for (const value of values) list.push(value);
}

function setIn(pairs: readonly Pickled[], dict: Pickled): void {
  if (!(dict instanceof Map) || pairs.length % 2 !== 0) throw malformed('a dict and pairs where it sets items');
  for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
}

/** A whole number of any length: two's complement, the lowest byte first. */
function longOf(bytes: Buffer): bigint {
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex || '0'}`));
}

function refused(what: string): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected a PyTorch state dict, received a pickle with ${what}, which no state dict has. Nothing of it was run; use the file as its authors published it, or save the model's state_dict() alone.`,
  );
}

function malformed(expected: string): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected ${expected} in the pickle of a PyTorch state dict, found none. The file is broken or cut off; fetch it again.`,
  );
}
