import { Duration } from 'aws-cdk-lib';
import type { IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  HttpIamAuthorizer,
  HttpJwtAuthorizer,
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
} from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ConfigError } from '../lib/core/errors.ts';

/** Who may call the API. There is no way to let everybody in. */
export type ApiAuth = { readonly kind: 'iam' } | JwtAuth | IssuedKeysAuth;

/** Callers show a token of an identity provider. */
export interface JwtAuth {
  readonly kind: 'jwt';
  /** The provider's URL, as its tokens' `iss` says; https. */
  readonly issuer: string;
  /** Whom a token has to be made out for: one of these has to be its `aud` or `client_id`. */
  readonly audience: readonly string[];
}

/** Callers show one of the keys that the operator has issued, in the header `x-api-key`. */
export interface IssuedKeysAuth {
  readonly kind: 'issued-keys';
  /** The SHA-256 of each key that is let in, 64 hexadecimal digits. The keys themselves are nowhere in the stack. */
  readonly sha256: readonly string[];
}

/** 65 bytes each, of the 4 KB that the variables of a function may take. */
const mostKeys = 50;

/** The ways to let callers in. */
export const ApiAuth = {
  /** Requests are signed with AWS credentials (SigV4), and the caller's policies say which routes; see the grants of FaceRecognition. */
  iam(): ApiAuth {
    return { kind: 'iam' };
  },

  /**
   * Requests carry `Authorization: Bearer <token>` of an OpenID Connect provider.
   * @throws ConfigError when the issuer is no https URL or no audience is named
   */
  jwt({ issuer, audience }: Omit<JwtAuth, 'kind'>): ApiAuth {
    if (!issuer.startsWith('https://')) {
      throw new ConfigError(
        `Expected the issuer of API tokens as an https URL, received "${issuer}". Take it from the provider's /.well-known/openid-configuration.`,
      );
    }
    if (audience.length === 0) {
      throw new ConfigError(
        'Expected at least one audience for API tokens, received none. Name the client id that the provider gave to your application; without it every token of the provider would do.',
      );
    }
    return { kind: 'jwt', issuer, audience };
  },

  /**
   * Requests carry `x-api-key: <key>`. Make a key by `openssl rand -hex 32` and its SHA-256 by `printf %s "$key" | sha256sum`; a key is revoked by leaving
   * it out and deploying.
   * @throws ConfigError when there is no key, more of them than a function's variables hold, or something that is no SHA-256
   */
  issuedKeys({ sha256 }: Omit<IssuedKeysAuth, 'kind'>): ApiAuth {
    const wrong = sha256.find((hash) => !/^[0-9a-f]{64}$/.test(hash));
    if (sha256.length === 0 || wrong !== undefined) {
      throw new ConfigError(
        `Expected the SHA-256 of each issued key as 64 lower-case hexadecimal digits, received ${wrong === undefined ? 'none' : `one of ${wrong.length} characters`}. Make it by: printf %s "$key" | sha256sum`,
      );
    }
    if (sha256.length > mostKeys) {
      throw new ConfigError(
        `Expected at most ${mostKeys} issued keys, as Lambda holds 4 KB of variables, received ${sha256.length}. Give callers tokens instead: ApiAuth.jwt().`,
      );
    }
    return { kind: 'issued-keys', sha256 };
  },
} as const;

/** How long API Gateway remembers that a key was let in; a revoked one gets in for so long after the deployment. */
const keysRemembered = Duration.minutes(1);

/** The authorizer of the API's routes. `checkKeys` makes the function that looks at issued keys; it is called only for those. */
export function authorizerOf(auth: ApiAuth, checkKeys: (auth: IssuedKeysAuth) => IFunction): IHttpRouteAuthorizer {
  switch (auth.kind) {
    case 'iam':
      return new HttpIamAuthorizer();
    case 'jwt':
      return new HttpJwtAuthorizer('Jwt', auth.issuer, { jwtAudience: [...auth.audience] });
    case 'issued-keys':
      return new HttpLambdaAuthorizer('IssuedKeys', checkKeys(auth), {
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        identitySource: ['$request.header.x-api-key'],
        resultsCacheTtl: keysRemembered,
      });
  }
}
