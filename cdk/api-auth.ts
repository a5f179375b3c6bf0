import { HttpNoneAuthorizer, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { ConfigError } from '../lib/core/errors.ts';

/** Who may call the API. There is no way to let everybody in. */
export type ApiAuth = { readonly kind: 'iam' } | JwtAuth | { readonly kind: 'access-keys' };

/** Callers show a token of an identity provider. */
export interface JwtAuth {
  readonly kind: 'jwt';
  /** The provider's URL, as its tokens' `iss` says; https. */
  readonly issuer: string;
  /** Whom a token has to be made out for: one of these has to be its `aud` or `client_id`. */
  readonly audience: readonly string[];
}

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

  /** Requests are signed (SigV4) with one of the keys that `facenet keys` has issued; each says what it is good for. The function itself looks at them. */
  accessKeys(): ApiAuth {
    return { kind: 'access-keys' };
  },
} as const;

/** The authorizer of the API's routes; none where the function itself looks who calls. */
export function authorizerOf(auth: ApiAuth): IHttpRouteAuthorizer {
  switch (auth.kind) {
    case 'iam':
      return new HttpIamAuthorizer();
    case 'jwt':
      return new HttpJwtAuthorizer('Jwt', auth.issuer, { jwtAudience: [...auth.audience] });
    case 'access-keys':
      return new HttpNoneAuthorizer();
  }
}
