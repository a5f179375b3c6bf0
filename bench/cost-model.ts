import type { Prices } from '../cdk/prices.ts';

/** What a photo takes of machine time, as measured, and what is in it. */
export interface Work {
  /** Decoding a photo and finding its faces: milliseconds of one processor. */
  readonly photoMs: number;
  /** Embedding one face of a batch: milliseconds of one processor. */
  readonly faceMs: number;
  readonly facesPerPhoto: number;
  /** Length of a vector. */
  readonly dimensions: number;
}

/** One line of a bill, in US dollars; undefined where the price is not known. */
export interface Line {
  readonly name: string;
  readonly reckoning: string;
  readonly dollars: number | undefined;
}

/** MiB that bring one processor, which is what detect and embed have; tag only waits. */
const memory = { detect: 1769, embed: 1769, tag: 512 };

/** Milliseconds that a call of a function waits for S3, DynamoDB, SQS and EventBridge: assumed, as it takes an account to measure them. */
const waitMs = { detect: 60, embed: 40, tag: 80 };

/** Bytes of log lines that a photo leaves, metrics and Lambda's own lines included: three calls of about 1 KB. */
const loggedBytes = 3_000;

const million = 1e6;
const gibibyte = 2 ** 30;

/** The bill of a million photos that are indexed and identified, each for itself: no batch saves a call. */
export function billOfMillionPhotos(prices: Prices, { photoMs, faceMs, facesPerPhoto, dimensions }: Work): Line[] {
  const lambda = (name: keyof typeof memory, ms: number): Line => ({
    name: `Lambda: ${name}`,
    reckoning: `${ms.toFixed(0)} ms × ${memory[name]} MiB`,
    dollars: million * (ms / 1000) * (memory[name] / 1024) * prices.lambdaGiBSecond + prices.lambdaMillionRequests,
  });
  // Sent, received and deleted: a message for the photo, one for each face, one for the end.
  const messages = 3 * (2 + facesPerPhoto);
  // Nine bytes a number; the rest of a face's item takes half a KB. An update writes the whole item.
  const faceUnits = Math.ceil((dimensions * 9 + 500) / 1024);
  // Image: taken up (with its index), expecting faces, ended. Face: put (with its index), taken off the image, named (with its index).
  const writes = 4 + facesPerPhoto * (2 * faceUnits + 3);
  // Faces of an earlier version, the image twice, its faces; the image and the person of each face.
  const reads = 4 + facesPerPhoto * 2;
  const vectorGiB = (million * facesPerPhoto * dimensions * 4) / gibibyte;
  return [
    lambda('detect', photoMs + waitMs.detect),
    lambda('embed', facesPerPhoto * faceMs + waitMs.embed),
    lambda('tag', waitMs.tag),
    { name: 'SQS', reckoning: `${messages} requests`, dollars: messages * prices.sqsMillionRequests },
    { name: 'S3', reckoning: 'a PUT and a GET', dollars: 1000 * (prices.s3ThousandPuts + prices.s3ThousandGets) },
    {
      name: 'DynamoDB',
      reckoning: `${writes} write and ${reads} read units`,
      dollars: writes * prices.dynamoDbMillionWriteUnits + reads * prices.dynamoDbMillionReadUnits,
    },
    {
      name: 'DynamoDB: vectors into the index',
      reckoning: `${vectorGiB.toFixed(1)} GiB`,
      dollars: prices.vectorWriteGiB && vectorGiB * prices.vectorWriteGiB,
    },
    {
      name: 'DynamoDB: vector searches',
      reckoning: `${facesPerPhoto}, by the bytes that they look at`,
      dollars: undefined,
    },
    { name: 'EventBridge', reckoning: 'an event', dollars: prices.eventBridgeMillionEvents },
    {
      name: 'CloudWatch Logs',
      reckoning: `${loggedBytes} bytes`,
      dollars: ((million * loggedBytes) / gibibyte) * prices.logsGiB,
    },
  ];
}

/** What Rekognition's list price says for the same: IndexFaces for the photo, SearchFaces for each face, and the faces kept for a month. */
export function rekognitionBill(prices: Prices, { facesPerPhoto }: Pick<Work, 'facesPerPhoto'>): Line[] {
  const thousands = million / 1000;
  return [
    { name: 'IndexFaces', reckoning: 'a call', dollars: thousands * prices.rekognitionThousandImages },
    {
      name: 'SearchFaces',
      reckoning: facesPerPhoto === 1 ? 'a call' : `${facesPerPhoto} calls`,
      dollars: thousands * facesPerPhoto * prices.rekognitionThousandImages,
    },
    {
      name: 'Faces kept',
      reckoning: 'a month',
      dollars: thousands * facesPerPhoto * prices.rekognitionThousandFacesMonth,
    },
  ];
}

/** What of a bill is known. */
export function totalOf(bill: readonly Line[]): number {
  return bill.reduce((sum, { dollars = 0 }) => sum + dollars, 0);
}
