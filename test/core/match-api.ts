import { indexFaces } from '../../lib/core/index-faces.ts';
import { photoOf } from './fakes.ts';
import type { Pipeline } from './pipeline.ts';

/** Indexes a photo of the fakes through the API; answers the ids of its faces, the largest first. */
export async function index(pipeline: Pipeline, photo: string, collection = 'main'): Promise<string[]> {
  const { indexed } = await indexFaces(pipeline.ports(), { bytes: photoOf(photo) }, { collection });
  return indexed.map(({ face }) => face.faceId);
}

/** What is so of a person's faces, by the person and by the faces themselves, which must agree. */
export function facesOf(pipeline: Pipeline, person: string, collection = 'main'): readonly string[] | undefined {
  const { people, faces } = pipeline.registry;
  const listed = people.get(`${collection}/${person}`)?.faceIds;
  const own = [...faces.values()].filter((face) => face.collection === collection && face.person === person);
  const ids = own.map(({ faceId }) => faceId).sort();
  if (JSON.stringify([...(listed ?? [])].sort()) !== JSON.stringify(ids)) {
    throw new Error(`Expected ${person}'s faces to be those that say so, found ${listed} and ${ids}.`);
  }
  return listed && ids;
}

/**
 * Does something that dies after its first call, then after its second, and so on, each time in a pipeline of its own, and repeats it there.
 * Answers those pipelines, after the first one in which nothing died.
 */
export async function dyingAnywhere(
  prepare: () => Promise<Pipeline>,
  act: (ports: ReturnType<Pipeline['ports']>) => Promise<unknown>,
): Promise<{ readonly whole: Pipeline; readonly died: readonly Pipeline[] }> {
  const whole = await prepare();
  await act(whole.ports());
  const died: Pipeline[] = [];
  for (let calls = 0; ; calls++) {
    const pipeline = await prepare();
    try {
      await act(pipeline.ports(calls));
      return { whole, died };
    } catch {
      await act(pipeline.ports());
      died.push(pipeline);
    }
  }
}
