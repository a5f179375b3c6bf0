import { InferenceSession } from 'onnxruntime-node';

/** Opens a model that shares out every operation among threads, the caller's among them. */
export function openSession(graph: Uint8Array, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(graph, sessionOptions(threads));
}

/**
 * How sessions are opened. Thread counts are always given: on arm64 Lambda ONNX Runtime cannot find out the number of cores by itself (microsoft/onnxruntime#10038).
 * Threads that have nothing to do sleep. By default they spin, and take the core from the code between two runs and from every other process: where cores were
 * scarce, a photo took two to seven times as long.
 */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
