import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { UnavailableError } from '../lib/core/errors.ts';
import { isLoopback } from './loopback-server.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls a route of the API with JSON. @throws UnavailableError when nothing answers */
export type ApiCaller = (method: string, path: string, body?: object) => Promise<ApiAnswer>;

export interface CallerOptions {
  /** The API's URL. */
  readonly api: string;
  /** What callers show who are let in by a token or a key. With them, requests are not signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of an API with a domain of its own; otherwise the URL tells. */
  readonly region?: string | undefined;
  /** The profile of AWS's files that has the credentials or the access key to sign with; with it, calls to loopback are signed, too. @default what the AWS command line would take */
  readonly profile?: string | undefined;
}

/**
 * Makes calls as the API wants its callers: signed (SigV4) with the AWS credentials of this machine or with an access key, with headers, or, where it listens on loopback, as they are.
 */
export function createApiCaller({ api, headers, region, profile }: CallerOptions): ApiCaller {
  const base = new URL(api);
  const goesUnsigned = profile === undefined && (isLoopback(base.hostname) || Object.keys(headers).length > 0);
  const sign = goesUnsigned ? undefined : signer(region ?? regionOf(base), profile);
  return async (method, path, body) => {
    const url = new URL(base.pathname.replace(/\/$/, '') + path, base);
    const text = body && JSON.stringify(body);
    const sent = { ...headers, ...(text && { 'content-type': 'application/json' }) };
    const signed = sign ? await sign(method, url, sent, text) : sent;
    const response = await fetch(url, { method, headers: signed, ...(text && { body: text }) }).catch((cause) => {
      throw new UnavailableError(`Expected the API at ${api} to answer, it did not. Check --api.`, { cause });
    });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  };
}

/** As API Gateway's own domain has it: `<id>.execute-api.<region>.amazonaws.com`. */
function regionOf({ hostname }: URL): string | undefined {
  return /\.execute-api\.([\w-]+)\./.exec(hostname)?.[1];
}

function signer(region = 'us-east-1', profile?: string) {
  const signature = new SignatureV4({
    service: 'execute-api',
    region,
    credentials: defaultProvider(profile === undefined ? {} : { profile }),
    sha256: Sha256,
  });
  return async (method: string, url: URL, headers: Readonly<Record<string, string>>, body: string | undefined) => {
    const { headers: signed } = await signature.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body !== undefined && { body }),
    });
    return signed;
  };
}
