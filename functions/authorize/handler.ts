import { createHash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerResult } from 'aws-lambda';
import { readApiKeyHashes } from '../../lib/config.ts';

const issued = readApiKeyHashes().map((hash) => Buffer.from(hash, 'hex'));

/** Lambda: API Gateway asks whether the key in `x-api-key` is one of those that were issued. Every issued one is compared, each in constant time. */
export const handler = async ({
  headers,
}: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>): Promise<APIGatewaySimpleAuthorizerResult> => {
  const shown = createHash('sha256')
    .update(headers?.['x-api-key'] ?? '')
    .digest();
  return { isAuthorized: issued.filter((hash) => timingSafeEqual(hash, shown)).length > 0 };
};
