import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** What a route does: it recognises faces in photos, reads what is known, changes it, or forgets it; Rekognition's protocol does all of it. */
export type ApiPurpose = 'recognise' | 'read' | 'change' | 'forget' | 'rekognition';

/** Where Rekognition's clients send everything. API Gateway cannot check what they sign: its IAM wants the service execute-api in a signature, theirs say rekognition. */
const rekognitionPath = '/';

interface ApiRoute {
  readonly method: HttpMethod;
  readonly path: string;
  readonly purpose: ApiPurpose;
}

/** The routes of functions/match/http, as API Gateway writes them; whatever else is asked for ends at the gateway. A test holds the two together. */
export const apiRoutes: readonly ApiRoute[] = [
  { method: HttpMethod.POST, path: rekognitionPath, purpose: 'rekognition' },
  { method: HttpMethod.POST, path: '/v1/verify', purpose: 'recognise' },
  { method: HttpMethod.POST, path: '/v1/search', purpose: 'recognise' },
  { method: HttpMethod.POST, path: '/v1/identify', purpose: 'recognise' },
  { method: HttpMethod.POST, path: '/v1/detect', purpose: 'recognise' },
  { method: HttpMethod.GET, path: '/v1/people', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/people/{person}', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/faces', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/photos', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/photos/{key+}', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/faces/{faceId}', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/collections', purpose: 'read' },
  { method: HttpMethod.GET, path: '/v1/collections/{collection}', purpose: 'read' },
  { method: HttpMethod.GET, path: '/health', purpose: 'read' },
  { method: HttpMethod.GET, path: '/openapi.json', purpose: 'read' },
  { method: HttpMethod.GET, path: '/docs', purpose: 'read' },
  { method: HttpMethod.GET, path: '/docs/{file}', purpose: 'read' },
  { method: HttpMethod.POST, path: '/v1/people', purpose: 'change' },
  { method: HttpMethod.PATCH, path: '/v1/people/{person}', purpose: 'change' },
  { method: HttpMethod.POST, path: '/v1/people/{person}/merge', purpose: 'change' },
  { method: HttpMethod.POST, path: '/v1/people/{person}/faces', purpose: 'change' },
  { method: HttpMethod.POST, path: '/v1/people/{person}/faces/{faceId}/move', purpose: 'change' },
  { method: HttpMethod.DELETE, path: '/v1/people/{person}/faces/{faceId}', purpose: 'change' },
  { method: HttpMethod.POST, path: '/v1/faces', purpose: 'change' },
  { method: HttpMethod.POST, path: '/v1/uploads', purpose: 'change' },
  { method: HttpMethod.POST, path: '/v1/collections', purpose: 'change' },
  { method: HttpMethod.DELETE, path: '/v1/collections/{collection}', purpose: 'forget' },
  { method: HttpMethod.DELETE, path: '/v1/faces/{faceId}', purpose: 'forget' },
  { method: HttpMethod.DELETE, path: '/v1/people/{person}', purpose: 'forget' },
  { method: HttpMethod.DELETE, path: '/v1/photos', purpose: 'forget' },
  { method: HttpMethod.DELETE, path: '/v1/photos/{key+}', purpose: 'forget' },
];

export interface RecognitionApiProps {
  readonly handler: IFunction;
  readonly authorizer: IHttpRouteAuthorizer;
  /** Whether Rekognition's protocol is left to the function, which looks at access keys. */
  readonly accessKeys: boolean;
  readonly requestsPerSecond: number;
  readonly burstRequests: number;
  readonly encryptionKey: IKey;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** The HTTP API in front of match/api: every route behind the authorizer, or behind the function's own look at access keys, throttled, each request in the access log by its route, as paths name people. */
export class RecognitionApi extends Construct {
  readonly api: HttpApi;
  readonly url: string;

  constructor(scope: Construct, id: string, props: RecognitionApiProps) {
    super(scope, id);
    const {
      handler,
      authorizer,
      accessKeys,
      requestsPerSecond,
      burstRequests,
      encryptionKey,
      logRetention,
      removalPolicy,
    } = props;
    this.api = new HttpApi(this, 'Api', {
      createDefaultStage: false,
      defaultAuthorizer: authorizer,
      description: 'Verify, search and forget faces',
    });
    const integration = new HttpLambdaIntegration('Match', handler);
    for (const { method, path } of apiRoutes) {
      const guard = accessKeys && path === rekognitionPath ? new HttpNoneAuthorizer() : authorizer;
      this.api.addRoutes({ path, methods: [method], integration, authorizer: guard });
    }
    if (accessKeys) acknowledgeGuard(this.api);
    const accessLog = new LogGroup(this, 'AccessLogs', { retention: logRetention, encryptionKey, removalPolicy });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burstRequests },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: accessLogFormat },
    });
    this.url = stage.url;
  }

  /** The ARNs of the routes of some purposes, as `execute-api:Invoke` wants them; a parameter of a path is any text. */
  routeArns(...purposes: readonly ApiPurpose[]): string[] {
    return apiRoutes
      .filter(({ purpose }) => purposes.includes(purpose))
      .map(({ method, path }) =>
        Stack.of(this).formatArn({
          service: 'execute-api',
          resource: this.api.apiId,
          resourceName: `$default/${method}${path.replaceAll(/\{[^}]*\}/g, '*')}`,
        }),
      );
  }
}

function acknowledgeGuard(api: HttpApi): void {
  for (const route of api.node.findAll().filter((each) => each instanceof HttpRoute)) {
    acknowledge(
      route,
      'APIG4',
      'The function looks at the signature by an access key before anything else; a test holds it to that.',
    );
  }
}

/** Who asked for what, and how it ended. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    time: '$context.requestTime',
    requestId: '$context.requestId',
    ip: '$context.identity.sourceIp',
    caller: '$context.identity.userArn',
    route: '$context.routeKey',
    status: '$context.status',
    error: '$context.error.messageString',
    bytes: '$context.responseLength',
    ms: '$context.responseLatency',
  }),
);
