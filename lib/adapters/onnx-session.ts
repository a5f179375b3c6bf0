import { InferenceSession } from 'onnxruntime-node';

/**
 * Opens a model. Thread counts are always given: on arm64 Lambda ONNX Runtime cannot find out the number of cores by itself (microsoft/onnxruntime#10038).
 */
export function openSession(graph: Uint8Array, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(graph, {
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}
