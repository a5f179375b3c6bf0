import { readFile, writeFile } from 'node:fs/promises';
import onnxProto from 'onnx-proto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { activationsOf } from '../../../layers/models/quantise.ts';
import { readEmbedder } from '../../../lib/adapters/model-folder.ts';
import { standardise } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../../lib/config.ts';
import { sampleCrops } from '../../adapters/sample-crops.ts';

// Run with `npx tsx test/layers/models/make-dlib-ranges.ts` when dlib-resnet's conversion or crop changes, then pin the new files in the catalog.
const { onnx } = onnxProto;
const { card, graph } = await readEmbedder(modelsFolder(), 'dlib-resnet');
const model = onnx.ModelProto.decode(graph);
const activations = activationsOf(graph).filter((name) => name !== 'input');
for (const name of activations) {
  model.graph!.output!.push(
    onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } }),
  );
}
const session = await InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 3,
});
const ranges = new Map<string, [number, number]>();
const { size } = card.crop;
for (const crop of await sampleCrops(card.crop, 'all')) {
  const input = standardise([crop], card);
  const outputs = await session.run({ input: new Tensor('float32', input, [1, 3, size, size]) });
  widen('input', input);
  for (const name of activations) widen(name, outputs[name]!.data as Float32Array);
}

/** The extremes of an activation are few; what is cut off there is less than what finer steps win (docs/accuracy.md). Of the input nothing is cut off. */
const kept = 0.9;
const rows = [...ranges].map(([name, range]) => {
  const cut = range.map((value) => Number((name === 'input' ? value : kept * value).toPrecision(4)));
  return `  ${name}: [${cut.join(', ')}],`;
});
const file = new URL('../../../layers/models/dlib-resnet-ranges.ts', import.meta.url);
const [before] = (await readFile(file, 'utf8')).split(/(?<== \{\n)/);
await writeFile(file, `${before}${rows.join('\n')}\n};\n`);

function widen(name: string, values: Float32Array): void {
  const [least, largest] = ranges.get(name) ?? [0, 0];
  ranges.set(
    name,
    values.reduce<[number, number]>(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [least, largest]),
  );
}
