import { Readable } from 'node:stream';
import { RekognitionClient, type RekognitionClientConfig } from '@aws-sdk/client-rekognition';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';

/** What every stock client is told: nothing but another endpoint. */
export function rekognitionClient(endpoint: string, config: RekognitionClientConfig = {}): RekognitionClient {
  return new RekognitionClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    ...config,
  });
}

/** The stock client on an application in this process, without a socket between them. */
export function clientOf(
  app: { request(path: string, init: RequestInit): Response | Promise<Response> },
  config: RekognitionClientConfig = {},
): RekognitionClient {
  const handle = async ({ path, method, headers, body }: HttpRequest) => {
    const response = await app.request(path, { method, headers, body });
    return {
      response: new HttpResponse({
        statusCode: response.status,
        headers: Object.fromEntries(response.headers),
        body: Readable.from(Buffer.from(await response.arrayBuffer())),
      }),
    };
  };
  return rekognitionClient('http://localhost', { requestHandler: { handle }, ...config });
}
