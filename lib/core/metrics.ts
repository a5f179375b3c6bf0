/**
 * What is counted and measured, with its unit. A contract: the dashboard of cdk/ goes by these names.
 */
export const metrics = {
  /** Photos that were searched for faces. */
  PhotosSearched: 'Count',
  /** Photos that cannot be used. */
  PhotosRejected: 'Count',
  /** Faces found in photos. */
  FacesFound: 'Count',
  /** Decoding a photo and finding its faces. */
  DetectDuration: 'Milliseconds',
  /** Faces that went through the embedder. */
  FacesEmbedded: 'Count',
  /** One inference of a whole batch of faces. */
  EmbedDuration: 'Milliseconds',
  /** Faces that were given a name, and those that were not. */
  FacesNamed: 'Count',
  FacesUnknown: 'Count',
} as const;

export type Metric = keyof typeof metrics;

/** Where use cases count what they did. */
export interface Metrics {
  /** Adds values that belong together, such as those of one photo. */
  add(values: Readonly<Partial<Record<Metric, number>>>): void;
}
