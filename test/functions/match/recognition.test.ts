import { beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../lib/core/errors.ts';
import { photoOf } from '../../core/fakes.ts';
import { Api, form, inBase64, json, raw } from './api.ts';

let api: Api;
beforeEach(async () => {
  api = new Api();
  await api.put({ 'people/alice/1.jpg': '10@40', 'people/bob/1.jpg': '200@40', 'photos/party.jpg': '12@30 120@40' });
});

const used = {
  width: 60,
  height: 60,
  place: 0,
  facesInPhoto: 1,
  boxes: [{ left: 4, top: 4, width: 40, height: 40 }],
  confidence: 0.99,
  box: { left: 4, top: 4, width: 40, height: 40 },
  quality: expect.objectContaining({ size: 40 }),
};

describe('POST /verify', () => {
  it('compares two photos and says which faces it used', async () => {
    const answer = await api.ask('POST', '/v1/verify', json({ source: inBase64('10@40'), target: inBase64('20@40') }));

    expect(answer).toEqual({
      verified: true,
      distance: expect.closeTo(2 * Math.sin((5 * Math.PI) / 180), 6),
      similarity: expect.closeTo(93.03, 2),
      threshold: 0.5,
      model: 'plane',
      source: { ...used, landmarks: expect.objectContaining({ leftEye: [16, 20] }) },
      target: { ...used, landmarks: expect.objectContaining({ rightEye: [32, 20] }) },
    });
  });

  it('tells strangers apart', async () => {
    const answer = await api.ask('POST', '/v1/verify', json({ source: inBase64('10@40'), target: inBase64('90@40') }));
    expect(answer).toMatchObject({ verified: false, threshold: 0.5 });
  });

  it('uses the largest of several faces and says how many there are', async () => {
    const answer = await api.ask(
      'POST',
      '/v1/verify',
      json({ source: inBase64('90@20 10@40'), target: inBase64('10@40') }),
    );
    expect(answer).toMatchObject({ verified: true, source: { facesInPhoto: 2, box: { left: 64 } } });
  });

  it('compares a photo with a person', async () => {
    const answer = await api.ask('POST', '/v1/verify', json({ source: inBase64('12@40'), person: 'alice' }));

    const [face] = [...api.pipeline.registry.faces.values()].filter(({ person }) => person === 'alice');
    expect(answer).toMatchObject({ verified: true, person: { name: 'alice', faceId: face!.faceId } });
    expect(answer).not.toHaveProperty('target');
  });

  it('looks for the person in the collection that is named', async () => {
    await api.put({ 'collections/team/people/carol/1.jpg': '50@40' });
    const body = json({ source: inBase64('50@40'), person: 'carol', collection: 'team' });
    expect(await api.ask('POST', '/v1/verify', body)).toMatchObject({ verified: true });
    await api.fail('PERSON_NOT_FOUND', 'POST', '/v1/verify', json({ source: inBase64('50@40'), person: 'carol' }));
  });

  it.each([
    ['two files', { source: photoOf('10@40'), target: photoOf('10@40') }],
    ['a file and a key', { source: photoOf('10@40'), targetKey: 'people/alice/1.jpg' }],
    ['two keys', { sourceKey: 'people/alice/1.jpg', targetKey: 'people/alice/1.jpg' }],
    ['a file and a person', { source: photoOf('10@40'), person: 'alice', collection: 'main' }],
  ])('takes a form with %s', async (_, fields) => {
    expect(await api.ask('POST', '/v1/verify', form(fields))).toMatchObject({ verified: true, distance: 0 });
  });

  it('takes a key in JSON, and a photo as the whole body with the person in the query', async () => {
    const keyed = json({ source: { key: 'people/alice/1.jpg' }, target: inBase64('10@40') });
    expect(await api.ask('POST', '/v1/verify', keyed)).toMatchObject({ verified: true });
    expect(await api.ask('POST', '/v1/verify?person=alice', raw('10@40'))).toMatchObject({ verified: true });
  });

  it.each([
    ['a data URL', `data:image/jpeg;base64,${inBase64('10@40').bytes}`],
    ['lines', inBase64('10@40').bytes.replace(/(.{4})/g, '$1\r\n')],
    ['no padding', inBase64('10@40 ').bytes.replaceAll('=', '')],
  ])('takes base64 as %s', async (_, bytes) => {
    const body = json({ source: { bytes }, target: inBase64('10@40') });
    expect(await api.ask('POST', '/v1/verify', body)).toMatchObject({ verified: true });
  });

  it.each([
    ['neither target nor person', { source: inBase64('1@40') }, 'received neither'],
    ['target and person', { source: inBase64('1@40'), target: inBase64('1@40'), person: 'alice' }, 'received both'],
    ['no source', { target: inBase64('1@40') }, 'source: expected'],
    ['a photo that is text', { source: 'abc', person: 'alice' }, 'source: expected {"bytes":'],
    ['bytes and a key', { source: { ...inBase64('1@40'), key: 'x' }, person: 'alice' }, 'received both'],
    ['neither bytes nor key', { source: {}, person: 'alice' }, 'received neither'],
    ['what is not base64', { source: { bytes: 'fac€' }, person: 'alice' }, 'source.bytes: expected a photo in base64'],
    ['base64 that lost a character', { source: { bytes: 'AAAAA' }, person: 'alice' }, 'expected a photo in base64'],
    ['a misspelt field', { source: inBase64('1@40'), persson: 'alice' }, '"persson"'],
    ['an empty person', { source: inBase64('1@40'), person: '' }, 'person: expected the name of a person'],
    ['a person with a slash', { source: inBase64('1@40'), person: 'a/b' }, 'without a slash'],
    ['half a character', { source: inBase64('1@40'), person: '\ud83d' }, 'lone surrogates'],
    ['a key that no bucket takes', { source: { key: 'ü'.repeat(513) }, person: 'alice' }, '1 to 1024 bytes'],
  ])('refuses %s', async (_, fields, expected) => {
    const { detail } = await api.fail('INVALID_REQUEST', 'POST', '/v1/verify', json(fields));
    expect(detail).toContain(expected);
  });

  it('takes names and keys as long as a bucket can hold them', async () => {
    const ask = (key: string, person: string) => json({ source: { key }, person });
    const key = `photos/${'é'.repeat(508)}x`;
    const person = `${'é'.repeat(507)}x`;
    await api.put({ [`people/${person}/x`]: '10@40' });
    await api.fail('PHOTO_NOT_FOUND', 'POST', '/v1/verify', ask(key, person));
    await api.fail('INVALID_REQUEST', 'POST', '/v1/verify', ask(`${key}x`, person));
    await api.fail('INVALID_REQUEST', 'POST', '/v1/verify', ask(key, `${person}x`));
  });

  it('says which person and which photo it did not find', async () => {
    const nobody = await api.fail(
      'PERSON_NOT_FOUND',
      'POST',
      '/v1/verify',
      json({ source: inBase64('1@40'), person: 'eve' }),
    );
    expect(nobody.detail).toContain('eve');
    const nothing = json({ source: { key: 'photos/none.jpg' }, person: 'alice' });
    expect((await api.fail('PHOTO_NOT_FOUND', 'POST', '/v1/verify', nothing)).detail).toContain('photos/none.jpg');
  });

  it('says which of two photos has no face', async () => {
    const body = json({ source: inBase64('1@40'), target: inBase64('a landscape') });
    expect((await api.fail('NO_FACE', 'POST', '/v1/verify', body)).detail).toContain('photo 2 of 2');
  });
});

describe('POST /search', () => {
  it('says who it is, with the nearest people and faces', async () => {
    const answer = await api.ask('POST', '/v1/search', json({ image: inBase64('10@40') }));

    const known = { person: 'alice', faceId: expect.any(String), distance: expect.closeTo(0, 6) };
    expect(answer).toMatchObject({ identity: known, people: [known], threshold: 0.5, model: 'plane', searched: used });
    expect(answer.faces).toEqual([
      expect.objectContaining({ key: 'people/alice/1.jpg', role: 'person', person: 'alice', distance: known.distance }),
      expect.objectContaining({
        key: 'photos/party.jpg',
        role: 'photo',
        person: 'alice',
        similarity: expect.any(Number),
      }),
    ]);
  });

  it('answers unknown rather than the nearest name', async () => {
    const answer = await api.ask('POST', '/v1/search', json({ image: inBase64('300@40') }));
    expect(answer).toMatchObject({ identity: null, people: [], faces: [] });
  });

  it('finds nobody of another collection, and says when there is none', async () => {
    await api.fail('COLLECTION_NOT_FOUND', 'POST', '/v1/search?collection=team', raw('10@40'));
    await api.pipeline.registry.createCollection('team');
    expect(await api.ask('POST', '/v1/search?collection=team', raw('10@40'))).toMatchObject({
      identity: null,
      faces: [],
    });
  });

  it.each([
    ['JSON', '/v1/search', json({ image: inBase64('10@40'), count: 1 })],
    ['a form', '/v1/search', form({ image: photoOf('10@40'), count: '1' })],
    ['a form with a key', '/v1/search', form({ imageKey: 'people/alice/1.jpg', count: '1' })],
    ['a photo', '/v1/search?count=1', raw('10@40')],
    ['bytes', '/v1/search?count=1&collection=main', raw('10@40', 'application/octet-stream')],
  ])('gives as many as are asked for by %s', async (_, path, body) => {
    const { identity, faces } = await api.ask<{ identity: unknown; faces: unknown[] }>('POST', path, body);
    expect(identity).toMatchObject({ person: 'alice' });
    expect(faces).toHaveLength(1);
  });

  it.each([0, 101, 1.5, -1, '5 ', 'many', null, true, [5]])('refuses a count of %j', async (count) => {
    const { detail } = await api.fail(
      'INVALID_REQUEST',
      'POST',
      '/v1/search',
      json({ image: inBase64('1@40'), count }),
    );
    expect(detail).toContain('count: expected a whole number from 1 to 100, received');
  });
});

describe('a photo with several faces', () => {
  const several = inBase64('10@40 200@30 90@20');
  const boxes = [{ width: 40 }, { width: 30 }, { width: 20 }];

  it('is verified by the face that the caller picks', async () => {
    const ask = (fields: object) => api.ask('POST', '/v1/verify', json(fields));
    const sure = { verified: true, source: { place: 1, facesInPhoto: 3, boxes } };
    expect(await ask({ source: several, sourceFace: 1, person: 'bob' })).toMatchObject(sure);
    expect(await ask({ source: several, person: 'bob' })).toMatchObject({ verified: false, source: { place: 0 } });
    const both = await ask({ source: several, sourceFace: 2, target: several, targetFace: 2 });
    expect(both).toMatchObject({ distance: 0, source: { place: 2 }, target: { place: 2, box: { width: 20 } } });
  });

  it('is searched for the face that the caller picks', async () => {
    expect(await api.ask('POST', '/v1/search?face=1', raw('10@40 200@30'))).toMatchObject({
      identity: { person: 'bob' },
      searched: { place: 1, boxes: [{ width: 40 }, { width: 30 }] },
    });
  });

  it.each([
    ['/v1/verify', { source: several, sourceFace: 3, person: 'bob' }],
    ['/v1/verify', { source: inBase64('1@40'), target: several, targetFace: 3 }],
    ['/v1/search', { image: several, face: 3 }],
  ])('has no face in a place beyond them: %s', async (path, fields) => {
    expect((await api.fail('FACE_NOT_FOUND', 'POST', path, json(fields))).detail).toContain('place 3');
  });
});

describe('two people who are nearly as near', () => {
  it('are both told of, and so is whom the face is taken for', async () => {
    await api.put({ 'people/twin/1.jpg': '11@40' });
    const photo = inBase64('10@40');
    const ambiguous = [{ person: 'twin', distance: expect.closeTo(0.017, 2) }];
    expect(await api.ask('POST', '/v1/search', json({ image: photo }))).toMatchObject({
      identity: { person: 'alice', ambiguous },
    });
    expect(await api.ask('POST', '/v1/identify', json({ image: photo }))).toMatchObject({
      faces: [{ identity: { person: 'alice', ambiguous } }],
      threshold: 0.5,
      model: 'plane',
    });
  });
});

describe('POST /search by a stored face', () => {
  it('says who else is nearly as near, however few are asked for', async () => {
    await api.put({ 'people/twin/1.jpg': '11@40', 'people/other twin/1.jpg': '12@40' });
    const { faceIds } = await api.ask<{ faceIds: string[] }>('GET', '/v1/people/alice');
    expect(await api.ask('POST', '/v1/search', json({ faceId: faceIds[0], count: 1 }))).toMatchObject({
      identity: { person: 'twin', ambiguous: [{ person: 'other twin' }] },
      people: [{ person: 'twin' }],
    });
  });

  it('leaves out the face and whose it is', async () => {
    await api.put({ 'people/twin/1.jpg': '11@40' });
    const { faceIds } = await api.ask<{ faceIds: string[] }>('GET', '/v1/people/alice');
    const answer = await api.ask('POST', '/v1/search', json({ faceId: faceIds[0] }));
    expect(answer).toMatchObject({
      identity: { person: 'twin' },
      people: [{ person: 'twin' }],
      searchedFace: { faceId: faceIds[0], person: 'alice' },
      threshold: 0.5,
      model: 'plane',
    });
    expect(answer).not.toHaveProperty('searched');
    await api.fail('FACE_NOT_FOUND', 'POST', '/v1/search', json({ faceId: '1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11' }));
  });

  it.each([{}, { image: inBase64('1@40'), faceId: '1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11' }])(
    'takes a photo or a face, not %j',
    async (fields) => {
      await api.fail('INVALID_REQUEST', 'POST', '/v1/search', json(fields));
    },
  );
});

describe('a threshold', () => {
  it('is the largest distance at which anybody counts, and is said in the answer', async () => {
    const ask = (threshold: number | string) => api.ask('POST', `/v1/search?threshold=${threshold}`, raw('20@40'));
    expect(await ask('0.1')).toMatchObject({ identity: null, people: [], faces: [], threshold: 0.1 });
    expect(await ask(0.2)).toMatchObject({ identity: { person: 'alice' }, threshold: 0.2 });
  });
});

describe('POST /detect', () => {
  it('gives every face in pixels of the photo', async () => {
    const answer = await api.ask('POST', '/v1/detect', raw('10@40 20@20'));
    expect(answer).toEqual({
      width: 120,
      height: 60,
      faces: [
        {
          box: { left: 4, top: 4, width: 40, height: 40 },
          confidence: 0.99,
          landmarks: {
            leftEye: [16, 20],
            rightEye: [32, 20],
            nose: [24, 28],
            mouthLeft: [18, 36],
            mouthRight: [30, 36],
          },
          quality: {
            sharpness: expect.any(Number),
            brightness: expect.any(Number),
            size: 40,
            pose: { yaw: expect.any(Number), pitch: expect.any(Number), roll: expect.any(Number) },
          },
        },
        expect.objectContaining({ box: { left: 64, top: 4, width: 20, height: 20 } }),
      ],
    });
  });

  it('gives no face where there is none', async () => {
    expect(await api.ask('POST', '/v1/detect', json({ image: inBase64('a landscape') }))).toMatchObject({ faces: [] });
  });

  it.each([
    ['EMPTY_IMAGE', form({ image: new Uint8Array(0) })],
    ['EMPTY_IMAGE', raw('')],
    ['CORRUPT_IMAGE', raw('!')],
    ['PHOTO_NOT_FOUND', form({ imageKey: 'photos/none.jpg' })],
  ] as const)('passes %s on', async (code, body) => {
    await api.fail(code, 'POST', '/v1/detect', body);
  });
});

describe('a body', () => {
  it.each([
    ['that is not JSON', raw('{"image":', 'application/json'), 'not JSON'],
    ['that is another JSON value', raw('[]', 'application/json'), 'JSON object'],
    ['that is null', raw('null', 'application/json'), 'JSON object'],
    ['that is empty JSON', raw('', 'application/json'), 'not JSON'],
    ['that is no form', raw('nothing', 'multipart/form-data; boundary=x'), 'Expected a form'],
    ['without a boundary', raw('nothing', 'multipart/form-data'), 'Expected a form'],
    ['with a forgotten @', form({ image: 'photo.jpg' }), 'image=@photo.jpg'],
    ['with a file as key', form({ imageKey: photoOf('1@40') }), 'received'],
    ['with a file and a key', form({ image: photoOf('1@40'), imageKey: 'photos/party.jpg' }), '"image" once'],
    ['with an unknown field', form({ image: photoOf('1@40'), extra: '1' }), '"extra"'],
    ['with __proto__', raw('{"__proto__":{},"image":{"key":"x"}}', 'application/json'), '__proto__'],
    ['that is missing', {}, 'image: expected'],
  ])('%s is refused', async (_, body, expected) => {
    expect((await api.fail('INVALID_REQUEST', 'POST', '/v1/detect', body)).detail).toContain(expected);
  });

  it('with the same file twice is refused', async () => {
    const body = new FormData();
    for (const _ of [1, 2]) body.append('image', new File(['10@40'], 'photo.jpg'));
    expect((await api.fail('INVALID_REQUEST', 'POST', '/v1/detect', { body })).detail).toContain('received it twice');
  });

  it('and query that both name a field are refused', async () => {
    const body = json({ image: inBase64('1@40'), collection: 'main' });
    const { detail } = await api.fail('INVALID_REQUEST', 'POST', '/v1/search?collection=team', body);
    expect(detail).toContain('"collection" once');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'video/mp4'])('of %s is refused', async (contentType) => {
    const { detail } = await api.fail('UNSUPPORTED_MEDIA_TYPE', 'POST', '/v1/detect', raw('10@40', contentType));
    expect(detail).toContain(contentType);
  });

  it('is not sent back, however long its fields are', async () => {
    const name = 'x'.repeat(10_000);
    const body = json({ [name]: 1, image: { bytes: '!'.repeat(10_000) } });
    const { detail } = await api.fail('INVALID_REQUEST', 'POST', '/v1/detect', body);
    expect(detail).toContain('received a text of 10000 characters');
    expect(detail.length).toBeLessThan(500);
  });

  it('without a content type is refused', async () => {
    const body = { body: new Uint8Array([1, 2, 3]) };
    const { detail } = await api.fail('UNSUPPORTED_MEDIA_TYPE', 'POST', '/v1/detect', body);
    expect(detail).toContain('without a content type');
  });

  it.each([
    ['known beforehand', { body: '1'.repeat(100_001) }],
    ['not known beforehand', { body: new Blob(['1'.repeat(100_001)]).stream(), duplex: 'half' } as RequestInit],
  ])('that is too large, its length %s, is refused with the way out', async (_, body) => {
    const { detail } = await api.fail('REQUEST_TOO_LARGE', 'POST', '/v1/detect', body);
    expect(detail).toContain('100000');
    expect(detail).toContain('keys');
    expect(detail).toContain('POST /v1/uploads');
  });
});

describe('a failure in here', () => {
  it('is told by its code alone, and logged with the request id', async () => {
    const error = new TypeError('secret at line 5');
    api.pipeline.embedder.failure = error;

    const problem = await api.fail('INTERNAL', 'POST', '/v1/search', json({ image: inBase64('1@40') }));

    expect(JSON.stringify(problem)).not.toContain('secret');
    expect(api.errors).toEqual([{ details: { requestId: problem.requestId, code: 'INTERNAL' }, error }]);
  });

  it('of something this leans on asks to come back', async () => {
    api.pipeline.embedder.failure = new UnavailableError('the table at 10.0.0.1 is away');
    const response = await api.call('POST', '/v1/search', json({ image: inBase64('1@40') }));
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await response.json()).toMatchObject({
      code: 'UNAVAILABLE',
      detail: expect.not.stringContaining('10.0.0.1'),
    });
  });
});
