import { ByteBuffer } from 'flatbuffers';
import { ModelError } from '../../lib/core/errors.ts';

/** The operators of mobilefacenet, by their number in TensorFlow Lite's `schema.fbs` (BuiltinOperator). */
const operatorNames = {
  0: 'ADD',
  3: 'CONV_2D',
  4: 'DEPTHWISE_CONV_2D',
  18: 'MUL',
  19: 'RELU',
  22: 'RESHAPE',
  41: 'SUB',
  101: 'ABS',
} as const satisfies Record<number, string>;

export type OperatorName = (typeof operatorNames)[keyof typeof operatorNames];

export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The constant's bytes; empty for a value that is computed. */
  readonly bytes: Uint8Array;
}

export interface TfliteOperator {
  readonly name: OperatorName;
  /** Places in `tensors`; −1 is an input left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The operator's options; their fields are told by their place in `schema.fbs`. */
  readonly options: Table | undefined;
}

/** A TensorFlow Lite model's one graph. */
export interface TfliteGraph {
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly TfliteOperator[];
}

/** Fields of the tables in `schema.fbs`, by their place. */
const field = {
  model: { operatorCodes: 1, subgraphs: 2, buffers: 4 },
  operatorCode: { deprecated: 0, code: 3 },
  subgraph: { tensors: 0, inputs: 1, outputs: 2, operators: 3 },
  tensor: { shape: 0, buffer: 2, name: 3 },
  operator: { opcode: 0, inputs: 1, outputs: 2, options: 4 },
  buffer: { data: 0 },
} as const;

/**
 * Reads a TensorFlow Lite file (a flatbuffer).
 * @throws ModelError MODEL_CORRUPT when it is none, or uses an operator that is not known here
 */
export function readTflite(bytes: Uint8Array): TfliteGraph {
  const buffer = new ByteBuffer(bytes);
  if (bytes.length < 8 || String.fromCharCode(...bytes.subarray(4, 8)) !== 'TFL3') {
    throw new ModelError(
      'MODEL_CORRUPT',
      'Expected a TensorFlow Lite model, received other bytes. The package is not the one this was made for.',
    );
  }
  const model = new Table(buffer, buffer.readInt32(0));
  const codes = model.tables(field.model.operatorCodes).map(operatorOf);
  const buffers = model.tables(field.model.buffers);
  const [graph] = model.tables(field.model.subgraphs);
  return {
    tensors: graph.tables(field.subgraph.tensors).map((tensor) => ({
      name: tensor.text(field.tensor.name),
      shape: tensor.integers(field.tensor.shape),
      bytes: buffers[tensor.integer(field.tensor.buffer)].bytes(field.buffer.data),
    })),
    inputs: graph.integers(field.subgraph.inputs),
    outputs: graph.integers(field.subgraph.outputs),
    operators: graph.tables(field.subgraph.operators).map((operator) => ({
      name: codes[operator.integer(field.operator.opcode)],
      inputs: operator.integers(field.operator.inputs),
      outputs: operator.integers(field.operator.outputs),
      options: operator.table(field.operator.options),
    })),
  };
}

function operatorOf(code: Table): OperatorName {
  const number = Math.max(code.byte(field.operatorCode.deprecated), code.integer(field.operatorCode.code));
  const name = (operatorNames as Readonly<Record<number, OperatorName>>)[number];
  if (name) return name;
  throw new ModelError(
    'MODEL_CORRUPT',
    `Expected only operators of mobilefacenet, received TensorFlow Lite's number ${number}.`,
  );
}

/** One table of a flatbuffer; an absent field reads as zero or empty. */
export class Table {
  readonly #buffer: ByteBuffer;
  readonly #at: number;

  constructor(buffer: ByteBuffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
  }

  byte(place: number): number {
    const at = this.#field(place);
    return at ? this.#buffer.readInt8(at) : 0;
  }

  integer(place: number): number {
    const at = this.#field(place);
    return at ? this.#buffer.readInt32(at) : 0;
  }

  table(place: number): Table | undefined {
    const at = this.#field(place);
    return at ? new Table(this.#buffer, this.#buffer.__indirect(at)) : undefined;
  }

  tables(place: number): Table[] {
    return this.#vector(place, (at) => new Table(this.#buffer, this.#buffer.__indirect(at)));
  }

  integers(place: number): number[] {
    return this.#vector(place, (at) => this.#buffer.readInt32(at));
  }

  bytes(place: number): Uint8Array {
    const at = this.#field(place);
    if (!at) return new Uint8Array(0);
    const start = this.#buffer.__vector(at);
    return this.#buffer.bytes().slice(start, start + this.#buffer.__vector_len(at));
  }

  text(place: number): string {
    return Buffer.from(this.bytes(place)).toString();
  }

  #vector<T>(place: number, read: (at: number) => T): T[] {
    const at = this.#field(place);
    if (!at) return [];
    const start = this.#buffer.__vector(at);
    return Array.from({ length: this.#buffer.__vector_len(at) }, (_, i) => read(start + i * 4));
  }

  #field(place: number): number {
    const offset = this.#buffer.__offset(this.#at, 4 + 2 * place);
    return offset ? this.#at + offset : 0;
  }
}
