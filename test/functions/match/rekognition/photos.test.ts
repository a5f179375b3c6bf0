import { readFile } from 'node:fs/promises';
import {
  type BoundingBox,
  CompareFacesCommand,
  DetectFacesCommand,
  type RekognitionClient,
  type RekognitionServiceException,
} from '@aws-sdk/client-rekognition';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../../functions/match/http/app.ts';
import { poseOf } from '../../../../lib/vision/face-quality.ts';
import { openVision } from '../../../../local/vision.ts';
import { Api } from '../api.ts';
import { clientOf } from './client.ts';

const sample = (number: number) => readFile(`node_modules/@vladmandic/face-api/demo/sample${number}.jpg`);

let api: Api;
let client: RekognitionClient;
/** Three people; she on the right is the one in the middle of the second photo, on another evening. */
let party: Buffer;
let evening: Buffer;
let landscape: Buffer;

beforeAll(async () => {
  api = new Api();
  client = clientOf(createApp({ ...api.ports, ...(await openVision()), maxRequestBytes: 20_000_000 }));
  [party, evening] = await Promise.all([smaller(1), smaller(3)]);
  landscape = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#68a' } })
    .jpeg()
    .toBuffer();
});

async function smaller(number: number): Promise<Buffer> {
  return sharp(await sample(number))
    .resize({ width: 960 })
    .jpeg()
    .toBuffer();
}

/** The name and message of the error that a call must meet. */
async function failureOf(
  call: Promise<unknown>,
): Promise<{ name: string; message: string; status: number | undefined }> {
  const error = await call.then(
    () => expect.fail('the call succeeded'),
    (error: RekognitionServiceException) => error,
  );
  return { name: error.name, message: error.message, status: error.$metadata.httpStatusCode };
}

const detect = (Bytes: Uint8Array) => client.send(new DetectFacesCommand({ Image: { Bytes } }));
const areaOf = ({ Width = 0, Height = 0 }: BoundingBox = {}) => Width * Height;

describe('DetectFaces', () => {
  it('answers box, landmarks, pose, quality and confidence of each face, the largest first, and nothing else', async () => {
    const { FaceDetails = [], OrientationCorrection } = await detect(party);

    expect(FaceDetails).toHaveLength(3);
    expect(OrientationCorrection).toBeUndefined();
    const areas = FaceDetails.map(({ BoundingBox }) => areaOf(BoundingBox));
    expect(areas).toEqual(areas.toSorted((a, b) => b - a));
    for (const face of FaceDetails) {
      expect(Object.keys(face).sort()).toEqual(['BoundingBox', 'Confidence', 'Landmarks', 'Pose', 'Quality']);
      expect(face.Confidence).toBeGreaterThan(90);
      expect(face.Confidence).toBeLessThanOrEqual(100);
      const { Left = 0, Top = 0, Width = 0, Height = 0 } = face.BoundingBox ?? {};
      expect(face.Landmarks?.map(({ Type }) => Type).sort()).toEqual([
        'eyeLeft',
        'eyeRight',
        'mouthLeft',
        'mouthRight',
        'nose',
      ]);
      for (const { X = 0, Y = 0 } of face.Landmarks ?? []) {
        expect(X).toBeGreaterThan(Left);
        expect(X).toBeLessThan(Left + Width);
        expect(Y).toBeGreaterThan(Top);
        expect(Y).toBeLessThan(Top + Height);
      }
      for (const angle of Object.values(face.Pose ?? {})) expect(Math.abs(angle)).toBeLessThanOrEqual(180);
      for (const value of Object.values(face.Quality ?? {})) expect(value).toBeGreaterThan(0);
    }
  });

  it('answers the same whatever attributes are asked for: what is not known of a face is absent', async () => {
    const plain = await detect(party);
    const all = await client.send(new DetectFacesCommand({ Image: { Bytes: party }, Attributes: ['ALL', 'DEFAULT'] }));

    expect(all.FaceDetails).toEqual(plain.FaceDetails);
  });

  it('applies the EXIF orientation: boxes are ratios of the upright photo', async () => {
    const turned = await sharp(party).rotate(90).withMetadata({ orientation: 8 }).jpeg({ quality: 95 }).toBuffer();

    const [upright, again] = await Promise.all([detect(party), detect(turned)]);

    expect(again.FaceDetails).toHaveLength(3);
    for (const [i, { BoundingBox }] of (again.FaceDetails ?? []).entries()) {
      for (const side of ['Left', 'Top', 'Width', 'Height'] as const) {
        expect(BoundingBox?.[side]).toBeCloseTo(upright.FaceDetails?.[i]?.BoundingBox?.[side] ?? 0, 1);
      }
    }
  });

  it('answers an empty list where there is no face', async () => {
    expect((await detect(landscape)).FaceDetails).toEqual([]);
  });

  it('signs the angles of a pose as Rekognition does in the response of its developer guide', () => {
    // "Detecting faces in an image", DetectFaces response: eyes, nose and mouth, beside a yaw of -25.8 and a roll of -10.9.
    const { yaw, roll } = poseOf({
      leftEye: [0.2377, 0.2779],
      rightEye: [0.3945, 0.2528],
      nose: [0.2862, 0.3368],
      mouthLeft: [0.2889, 0.4019],
      mouthRight: [0.4136, 0.3877],
    });

    expect(yaw).toBeLessThan(-10);
    expect(roll).toBeCloseTo(-10.9, -1);
  });
});

describe('CompareFaces', () => {
  const compare = (SourceImage: Uint8Array, TargetImage: Uint8Array, more: object = {}) =>
    client.send(
      new CompareFacesCommand({ SourceImage: { Bytes: SourceImage }, TargetImage: { Bytes: TargetImage }, ...more }),
    );
  let woman: Buffer;
  beforeAll(async () => {
    woman = await sharp(evening).extract({ left: 430, top: 20, width: 280, height: 300 }).jpeg().toBuffer();
  });

  it('finds the face of the source among those of the target; 80 is the threshold when nobody says', async () => {
    const { FaceMatches = [], UnmatchedFaces = [], SourceImageFace } = await compare(woman, party);

    expect(FaceMatches).toHaveLength(1);
    expect(UnmatchedFaces).toHaveLength(2);
    expect(FaceMatches[0]?.Similarity).toBeGreaterThan(80);
    expect(FaceMatches[0]?.Face?.BoundingBox?.Left).toBeCloseTo(1478 / 1920, 1);
    expect(Object.keys(SourceImageFace ?? {}).sort()).toEqual(['BoundingBox', 'Confidence']);
    expect(Object.keys(UnmatchedFaces[0] ?? {}).sort()).toEqual([
      'BoundingBox',
      'Confidence',
      'Landmarks',
      'Pose',
      'Quality',
    ]);
  });

  it('sorts the matches by similarity, and keeps every face at a threshold of 0', async () => {
    const { FaceMatches = [], UnmatchedFaces } = await compare(woman, party, { SimilarityThreshold: 0 });

    expect(UnmatchedFaces).toEqual([]);
    const similarities = FaceMatches.map(({ Similarity = -1 }) => Similarity);
    expect(similarities).toHaveLength(3);
    expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
  });

  it('finds the same picture at a threshold of 100', async () => {
    const { FaceMatches = [] } = await compare(party, party, { SimilarityThreshold: 100 });

    expect(FaceMatches.map(({ Similarity }) => Similarity)).toEqual([100]);
  });

  it('leaves faces out that do not meet the quality that is asked for', async () => {
    const blurred = await sharp(party).blur(6).jpeg().toBuffer();

    const all = await compare(woman, blurred, { SimilarityThreshold: 0 });
    const { name, message } = await failureOf(
      compare(woman, blurred, { SimilarityThreshold: 0, QualityFilter: 'HIGH' }),
    );

    expect(all.FaceMatches?.length).toBeGreaterThan(0);
    expect(name).toBe('InvalidParameterException');
    expect(message).toMatch(/target photo, found \d that do not meet the quality/);
  });

  it.each([
    ['source', () => compare(landscape, party)],
    ['target', () => compare(party, landscape)],
  ])('is an InvalidParameterException when there is no face in the %s', async (which, call) => {
    const { name, message, status } = await failureOf(call());

    expect({ name, status }).toEqual({ name: 'InvalidParameterException', status: 400 });
    expect(message).toMatch(/^There are no faces in the image\. Should be at least 1\./);
    expect(message).toContain(`the ${which} photo`);
  });
});

describe('an image', () => {
  const s3Object = (Name: string, more: object = {}) =>
    client.send(new DetectFacesCommand({ Image: { S3Object: { Bucket: 'photos', Name, ...more } } }));

  it('can lie in the bucket that is served', async () => {
    api.pipeline.store.put('anywhere/party.jpg', party);

    expect((await s3Object('anywhere/party.jpg')).FaceDetails).toHaveLength(3);
  });

  it.each([
    [
      'InvalidS3ObjectException',
      'the key is not there',
      () => s3Object('nowhere.jpg'),
      /under "nowhere\.jpg", found none/,
    ],
    [
      'InvalidS3ObjectException',
      'it lies in another bucket',
      () => s3Object('a.jpg', { Bucket: 'others' }),
      /bucket "photos", the only one.*"others"/,
    ],
    [
      'InvalidParameterException',
      'neither bytes nor an object are given',
      () => client.send(new DetectFacesCommand({ Image: {} })),
      /neither/,
    ],
    [
      'InvalidParameterException',
      'both are given',
      () => client.send(new DetectFacesCommand({ Image: { Bytes: party, S3Object: { Bucket: 'photos', Name: 'x' } } })),
      /both/,
    ],
    [
      'InvalidParameterException',
      'it is missing',
      () => client.send(new DetectFacesCommand({ Image: undefined })),
      /Value at Image/,
    ],
    [
      'InvalidParameterException',
      'an attribute is unknown',
      () => client.send(new DetectFacesCommand({ Image: { Bytes: party }, Attributes: ['HAT' as never] })),
      /Value at Attributes\.0.*"HAT"/,
    ],
    [
      'InvalidParameterException',
      'a threshold is no percentage',
      () =>
        client.send(
          new CompareFacesCommand({
            SourceImage: { Bytes: party },
            TargetImage: { Bytes: party },
            SimilarityThreshold: 101,
          }),
        ),
      /Value at SimilarityThreshold.*101/,
    ],
    [
      'InvalidImageFormatException',
      'it is no image',
      () => detect(Buffer.from('%PDF-1.7 and more')),
      /Expected a JPEG/,
    ],
    [
      'InvalidImageFormatException',
      'it breaks off',
      () => detect(party.subarray(0, party.length / 2)),
      /cannot be read/,
    ],
    [
      'ImageTooLargeException',
      'it has more than 5 MB of bytes',
      () => detect(Buffer.concat([party, Buffer.alloc(5 * 1024 * 1024)])),
      /at most 5242880 bytes.*S3Object/,
    ],
  ])('is a %s when %s', async (expected, _, call, text) => {
    const { name, message, status } = await failureOf(call());

    expect({ name, status }).toEqual({ name: expected, status: 400 });
    expect(message).toMatch(text);
  });

  it('is an ImageTooLargeException when an object has more than 15 MB', async () => {
    api.pipeline.store.put('huge.jpg', Buffer.concat([party, Buffer.alloc(15 * 1024 * 1024)]));

    expect(await failureOf(s3Object('huge.jpg'))).toMatchObject({
      name: 'ImageTooLargeException',
      message: expect.stringContaining('at most 15728640 bytes'),
    });
  });

  it('is an InvalidParameterException below 80 pixels a side, and none from there on', async () => {
    const ofSide = async (side: number) => sharp(party).resize(side, 200, { fit: 'fill' }).png().toBuffer();

    expect(await failureOf(detect(await ofSide(79)))).toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining('at least 80 pixels'),
    });
    expect((await detect(await ofSide(80))).FaceDetails).toBeDefined();
  });
});
