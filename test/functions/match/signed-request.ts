import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AccessKey } from '../../../lib/core/access-keys.ts';

export interface Signing {
  readonly key: Pick<AccessKey, 'id' | 'secret'>;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly service?: string;
  readonly date?: Date;
}

/** A request to a URL, signed with an access key as AWS's SDKs sign. */
export async function signedRequest(url: string, signing: Signing): Promise<Request> {
  const { key, method = 'GET', headers = {}, body, service = 'facenet', date } = signing;
  const { host, hostname, protocol, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({
    service,
    region: 'us-east-1',
    credentials: { accessKeyId: key.id, secretAccessKey: key.secret! },
    sha256: Sha256,
  });
  const signed = await signer.sign(
    {
      method,
      protocol,
      hostname,
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { host, ...headers },
      ...(body !== undefined && { body }),
    },
    date && { signingDate: date },
  );
  return new Request(url, { method, headers: signed.headers, ...(body !== undefined && { body: Buffer.from(body) }) });
}
