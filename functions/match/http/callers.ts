import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, MiddlewareHandler } from 'hono';
import {
  type Access,
  AuthenticationError,
  type Authenticator,
  type Caller,
  expectScope,
  type UsedSignatures,
} from '../../../lib/core/access.ts';
import { type Scope, scopes } from '../../../lib/core/access-keys.ts';
import { FacenetError } from '../../../lib/core/errors.ts';
import { guardRegistry, guardStore, guardUploads } from '../../../lib/core/guarded-ports.ts';
import type { FaceRegistry, ImageStore, PhotoUploads } from '../../../lib/core/ports.ts';

/** Who is let in. */
export interface Callers {
  /** Anybody: the API is on loopback. */
  readonly open?: boolean;
  /** Those whom API Gateway's authorizer has let in; its policies say what they may do. */
  readonly gateway?: boolean;
  /** Those whose request is signed by an access key; the key says what they may do. */
  readonly keys?: { readonly authenticator: Authenticator; readonly usedSignatures: UsedSignatures };
}

/** What a caller may do who is not limited by a key. */
const everything: Access = { keyId: '', scopes };

/** On whose behalf the ports are used. A request that nobody has looked at has no place in here. */
const current = new AsyncLocalStorage<Access | Caller>();

/** Ports that are used on behalf of the caller: they touch no collection that the caller's key is not for. */
export function onBehalfOfCaller<
  P extends { readonly registry: FaceRegistry; readonly store: ImageStore; readonly uploads: PhotoUploads },
>(ports: P): P {
  return {
    ...ports,
    registry: guardRegistry(ports.registry, currentAccess),
    store: guardStore(ports.store, currentAccess),
    uploads: guardUploads(ports.uploads, currentAccess),
  };
}

/** @throws AuthenticationError when nobody has looked who calls */
function currentAccess(): Access {
  const access = current.getStore();
  if (access) return access;
  throw new AuthenticationError('missing', 'Expected a caller who was let in, received nobody. Sign the request.');
}

/**
 * Finds out who calls, and goes on in their name. It reads the body, so the limit of the body comes before it.
 * @throws AuthenticationError
 */
export function knownCallers({ open, gateway, keys }: Callers): MiddlewareHandler {
  return async (c, next) => {
    if (open || (gateway && isLetInByGateway(c))) return current.run(everything, next);
    if (!keys) {
      throw new AuthenticationError(
        'missing',
        'Expected a caller whom the API Gateway has let in, received one who came past it. Call the API by its URL.',
      );
    }
    const { raw } = c.req;
    const { method, url, body: hasBody } = raw;
    const body = new Uint8Array(await raw.arrayBuffer());
    const { pathname, searchParams } = new URL(url);
    const path = decoded(pathname);
    const caller = await keys.authenticator.authenticate({
      method,
      path,
      query: searchParams,
      headers: c.req.header(),
      body,
    });
    c.set('keyId', caller.keyId);
    // Its bytes were taken; whoever comes next finds them again.
    if (hasBody) c.req.raw = new Request(raw, { body });
    return current.run(caller, next);
  };
}

/**
 * Claims a scope for what the caller asks, and answers how to tell the error that it ended with, if any. With a key, a signature is good for one write: the same
 * request again is a replay, unless the write came to nothing that a second attempt could mend.
 * @throws RequestError FORBIDDEN, AuthenticationError
 */
async function claimScope({ keys }: Callers, scope: Scope): Promise<(error: unknown) => Promise<void>> {
  const access = currentAccess();
  expectScope(access, scope);
  if (!keys || !isByKey(access) || scope === 'read') return async () => {};
  const { signature, expiresAt } = access;
  if (!(await keys.usedSignatures.use(signature, expiresAt))) {
    throw new AuthenticationError(
      'replayed',
      'Expected a signature that has not been used, received that of a request which was taken before. Sign again; a second later the signature is another.',
    );
  }
  return async (error) => {
    if (error !== undefined && isWorthRetrying(error)) await keys.usedSignatures.release(signature);
  };
}

/** Holds each route to the scope that it takes. */
export function scopedRoutes(callers: Callers, scopeOf: (c: Context) => Scope): MiddlewareHandler {
  return async (c, next) => {
    const settle = await claimScope(callers, scopeOf(c));
    await next();
    await settle(c.error);
  };
}

function isByKey(access: Access | Caller): access is Caller {
  return 'signature' in access;
}

function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof FacenetError) || error.retryable;
}

interface GatewayEvent {
  readonly requestContext?: { readonly authorizer?: object };
}

/** API Gateway tells by `authorizer` whom its authorizer let in; nobody else writes that part of an event. */
function isLetInByGateway({ env }: Context<{ Bindings: { event?: GatewayEvent } }>): boolean {
  return Object.values(env?.event?.requestContext?.authorizer ?? {}).some((told) => told);
}

/** A path that cannot be decoded names nothing, and has no signature. */
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    return pathname;
  }
}
