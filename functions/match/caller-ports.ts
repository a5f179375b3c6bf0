import { openKeyFile } from '../../lib/adapters/access-key-file.ts';
import { openKeySecret } from '../../lib/adapters/access-key-secret.ts';
import { createDynamoDbClient, createSecretsManagerClient } from '../../lib/adapters/aws-clients.ts';
import { cachedKeys } from '../../lib/adapters/cached-keys.ts';
import { createUsedSignatures } from '../../lib/adapters/dynamo-used-signatures.ts';
import type { Traced } from '../../lib/adapters/powertools-tracing.ts';
import { createSigV4Authenticator } from '../../lib/adapters/sigv4-authenticator.ts';
import type { CallersConfig, Config } from '../../lib/config.ts';
import type { Callers } from './http/callers.ts';

/** Whom the settings let in. Keys in a file are read again when it has changed, those in a secret every minute. */
export function callersOf(
  { callers, keyFile, keySecret }: CallersConfig,
  { table }: Pick<Config, 'table'>,
  traced: Traced,
): Callers {
  const admitted = { open: callers.includes('open'), gateway: callers.includes('gateway') };
  if (!callers.includes('access-keys')) return admitted;
  const keys = keyFile
    ? openKeyFile(keyFile).read
    : cachedKeys(openKeySecret(traced(createSecretsManagerClient()), keySecret!));
  const authenticator = createSigV4Authenticator({ keys, now: Date.now });
  return {
    ...admitted,
    keys: { authenticator, usedSignatures: createUsedSignatures(traced(createDynamoDbClient()), table) },
  };
}
