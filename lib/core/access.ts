import type { Scope } from './access-keys.ts';
import { FacenetError, RequestError } from './errors.ts';

/** What a caller may do, by the key that the request was signed with. */
export interface Access {
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** Those it may touch; all of them where it is absent. */
  readonly collections?: readonly string[] | undefined;
}

/** A request of the API, as far as a signature covers it. */
export interface SignedRequest {
  readonly method: string;
  /** Decoded, as API Gateway hands it over. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** Whom a signature is of, and how long it is good. */
export interface Caller extends Access {
  /** Hexadecimal. */
  readonly signature: string;
  /** After this, in milliseconds since 1970, the same signature is refused for its age. */
  readonly expiresAt: number;
}

/** Finds out who calls. */
export interface Authenticator {
  /**
   * Looks at the headers alone, before the body is read: a request that says nothing usable of its signature is not worth its bytes.
   * @throws AuthenticationError
   */
  expectClaim(request: Omit<SignedRequest, 'body'>): void;
  /** @throws AuthenticationError unless the request was signed with a key that is in use, a short while ago, as it came */
  authenticate(request: SignedRequest): Promise<Caller>;
}

/** Signatures that were used for writes. */
export interface UsedSignatures {
  /**
   * Writes down that a signature was used; false when it was before.
   * @param expiresAt milliseconds since 1970, after which nobody needs to know any more
   */
  use(signature: string, expiresAt: number): Promise<boolean>;
  /** Forgets it again, as the write came to nothing: clients try again within the second, with the same signature. */
  release(signature: string): Promise<void>;
}

/** Why a caller is not known. */
export type AuthenticationFailure =
  /** No signature at all. */
  | 'missing'
  /** A signature that leaves something out, or says it in a way that is not taken here. */
  | 'incomplete'
  /** No key of this id is in use. */
  | 'unknown-key'
  | 'wrong-signature'
  /** Signed too long ago, or by a clock that is ahead. */
  | 'wrong-time'
  /** A write that came before with this very signature. */
  | 'replayed';

/** Nobody knows who calls. */
export class AuthenticationError extends FacenetError {
  readonly failure: AuthenticationFailure;

  constructor(failure: AuthenticationFailure, message: string) {
    super('UNAUTHENTICATED', message);
    this.failure = failure;
  }
}

/** @throws RequestError FORBIDDEN unless the key has the scope */
export function expectScope({ scopes }: Access, scope: Scope): void {
  if (scopes.includes(scope)) return;
  throw new RequestError(
    'FORBIDDEN',
    `Expected a key with the scope ${scope}, received one with ${scopes.join(', ')}. Ask the operator for one: facenet keys create --scope ${scope}.`,
  );
}

/** Whether the key is good for the collection. */
export function mayTouch({ collections }: Access, collection: string): boolean {
  return collections === undefined || collections.includes(collection);
}

/** @throws RequestError FORBIDDEN unless the key is good for the collection */
export function expectCollectionAccess(access: Access, collection: string): void {
  if (mayTouch(access, collection)) return;
  throw new RequestError(
    'FORBIDDEN',
    `Expected one of the collections that the key is for (${access.collections?.join(', ')}), received ${JSON.stringify(collection)}. Name one of them, or ask the operator for another key.`,
  );
}
