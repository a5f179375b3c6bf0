import {
  AuthenticationError,
  type AuthenticationFailure,
  type Authenticator,
  type Caller,
  type SignedRequest,
} from '../core/access.ts';
import type { AccessKey } from '../core/access-keys.ts';
import { claimInHeaders, Resigner, type SignatureClaim, sameText, sha256 } from './sigv4.ts';

/** What callers may have signed for: Rekognition's clients cannot sign for anything else, signers made for API Gateway sign for execute-api. */
const signedServices: readonly string[] = ['facenet', 'rekognition', 'execute-api'];

/** Milliseconds by which a caller's clock may be wrong; that of AWS's services other than S3. */
export const maxSkew = 5 * 60 * 1000;

/** Headers by which a request is understood: one that is there has to be signed. So has each x-amz-, but for the one that CloudFront adds. */
const meaningful = /^(x-amz-(?!cf-id$).+|content-type|if-match|if-none-match|idempotency-key)$/;

/** Compared with where no key fits, so that a wrong id takes as long as a wrong secret. */
const nobody = { secret: '0'.repeat(40) };

export interface AuthenticatorOptions {
  /** The keys as they are now, or were a short while ago. */
  readonly keys: () => Promise<readonly AccessKey[]>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Knows callers by AWS Signature Version 4: the request is signed again with the secret of the key that it names, and has to come out the same. */
export function createSigV4Authenticator({ keys, now }: AuthenticatorOptions): Authenticator {
  return {
    expectClaim(request) {
      expectClaim(request, now());
    },
    async authenticate(request) {
      const claim = expectClaim(request, now());
      const payloadHash = expectBodyHash(request);
      const issued = (await keys()).find(({ id }) => id === claim.accessKeyId);
      const isSame = await isSignedBy(issued?.secret ?? nobody.secret, claim, request, payloadHash);
      if (issued?.secret === undefined) {
        throw refusal(
          'unknown-key',
          `Expected the id of an access key that is in use, received ${quoted(claim.accessKeyId)}. \`facenet keys list\` shows which are; a new one is known within a minute.`,
        );
      }
      if (!isSame) {
        throw refusal(
          'wrong-signature',
          'Expected the signature that the secret of this key gives for this request, received another. Check the secret access key, and that nothing between changes host, path, query, headers or body.',
        );
      }
      return callerOf(issued, claim);
    },
  };
}

function callerOf({ id, scopes, collections }: AccessKey, { signature, signedAt }: SignatureClaim): Caller {
  return { keyId: id, scopes, collections, signature, expiresAt: signedAt + maxSkew };
}

function expectClaim({ headers, query, path }: Omit<SignedRequest, 'body'>, now: number): SignatureClaim {
  if ([...query.keys()].some((name) => /^x-amz-/i.test(name))) {
    throw refusal(
      'incomplete',
      'Expected the signature in the header Authorization, received a presigned URL. Sign the request itself.',
    );
  }
  if (headers.authorization === undefined) {
    throw refusal(
      'missing',
      'Expected a signature by an access key (AWS Signature Version 4) in the header Authorization, received none. Sign by an AWS SDK, or by curl --aws-sigv4.',
    );
  }
  const claim = claimInHeaders(headers);
  if (!claim || !signedServices.includes(claim.service)) {
    throw refusal(
      'incomplete',
      `Expected "AWS4-HMAC-SHA256 Credential=<id>/<date>/<region>/<service>/aws4_request, SignedHeaders=…, Signature=…" with the service ${signedServices.join(', ')}, and X-Amz-Date as YYYYMMDDTHHMMSSZ on the same day, received something else. Sign with Signature Version 4.`,
    );
  }
  if (headers['x-amz-security-token'] !== undefined) {
    throw refusal(
      'incomplete',
      'Expected an access key, which has no session, received a session token. Leave AWS_SESSION_TOKEN out.',
    );
  }
  expectSignedHeaders(claim, headers);
  if (/\/(\.{0,2})\/|\/\.{1,2}$/.test(path)) {
    throw refusal(
      'incomplete',
      'Expected a path whose signature is for no other path, received one with an empty segment or one of dots. Put such a key into the query.',
    );
  }
  const skew = now - claim.signedAt;
  if (Math.abs(skew) > maxSkew) {
    throw refusal(
      'wrong-time',
      `Expected a request that was signed at most ${maxSkew / 60_000} minutes ago, received one signed ${Math.abs(Math.round(skew / 60_000))} minutes ${skew > 0 ? 'ago' : 'ahead'}. Set the clock, or sign again.`,
    );
  }
  return claim;
}

function expectSignedHeaders({ signedHeaders }: SignatureClaim, headers: SignedRequest['headers']): void {
  const needed = ['host', 'x-amz-date', ...Object.keys(headers).filter((name) => meaningful.test(name))];
  const unsigned = needed.find((name) => !signedHeaders.includes(name));
  const absent = signedHeaders.find((name) => headers[name] === undefined);
  if (unsigned !== undefined) {
    throw refusal(
      'incomplete',
      `Expected the header ${unsigned} among those that are signed, received it unsigned. Let the signer see it.`,
    );
  }
  if (absent !== undefined) {
    throw refusal(
      'incomplete',
      `Expected the header ${quoted(absent)}, which is signed, received the request without it. Keep it on its way.`,
    );
  }
}

function expectBodyHash({ headers, body }: SignedRequest): string {
  const hash = sha256(body);
  const said = headers['x-amz-content-sha256'] ?? hash;
  if (said === hash) return hash;
  if (/^[0-9a-f]{64}$/.test(said)) {
    throw refusal(
      'wrong-signature',
      'Expected the body whose SHA-256 is in x-amz-content-sha256, received another. Send it as it was signed.',
    );
  }
  throw refusal(
    'incomplete',
    `Expected the SHA-256 of the body in x-amz-content-sha256, received ${quoted(said)}. Sign the body with the rest.`,
  );
}

async function isSignedBy(
  secret: string,
  claim: SignatureClaim,
  { method, path, query, headers }: SignedRequest,
  payloadHash: string,
): Promise<boolean> {
  const resigner = new Resigner(claim, secret, { uriEscapePath: true });
  let isSame = false;
  for (const encoded of encodingsOf(path)) {
    const signature = await resigner.signatureOf({ method, path: encoded, query, headers }, payloadHash);
    isSame = sameText(signature, claim.signature) || isSame;
  }
  return isSame;
}

/** The ways in which clients encode a path: as AWS's do (RFC 3986), as `encodeURIComponent` does for each segment, as browsers do. All of them name the same. */
function encodingsOf(path: string): ReadonlySet<string> {
  const component = path.split('/').map(encodeURIComponent).join('/');
  const strict = component.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const browser = encodeURI(path).replace(/[?#]/g, encodeURIComponent);
  return new Set([strict, component, browser]);
}

function refusal(failure: AuthenticationFailure, message: string): AuthenticationError {
  return new AuthenticationError(failure, message);
}

/** What a caller sent, as far as a message repeats it. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
