import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';

/** The one secret that it knows. */
export const secret = 'facenet-keys';

interface Version {
  readonly text: string;
  readonly labels: Set<string>;
}

export interface SecretsManager {
  readonly url: string;
  readonly client: SecretsManagerClient;
  readonly versions: ReadonlyMap<string, Version>;
}

class Refused extends Error {}

/**
 * Secrets Manager on loopback, as far as keys need it, with the rules of its API reference: a label is on one version at most, the first version becomes current by
 * itself, and AWSCURRENT moves only from the version that the caller names. `before` is called before each answer, by the name of the operation.
 */
export async function startSecretsManager(
  before: (operation: string, manager: SecretsManager) => Promise<void> | void = () => {},
): Promise<SecretsManager> {
  const versions = new Map<string, Version>();
  const holderOf = (label: string) => [...versions].find(([, { labels }]) => labels.has(label))?.[0];
  const move = (label: string, to: string) => {
    for (const { labels } of versions.values()) labels.delete(label);
    versions.get(to)!.labels.add(label);
  };
  const operations: Readonly<Record<string, (input: Record<string, string & string[]>) => object>> = {
    GetSecretValue() {
      const current = holderOf('AWSCURRENT');
      if (!current) throw new Refused('ResourceNotFoundException');
      return { VersionId: current, SecretString: versions.get(current)!.text };
    },
    PutSecretValue({ SecretString, VersionStages = ['AWSCURRENT'] as never }) {
      const VersionId = randomUUID();
      versions.set(VersionId, { text: SecretString!, labels: new Set() });
      for (const label of VersionStages as string[]) move(label, VersionId);
      if (!holderOf('AWSCURRENT')) move('AWSCURRENT', VersionId);
      return { VersionId, VersionStages: [...versions.get(VersionId)!.labels] };
    },
    UpdateSecretVersionStage({ VersionStage, MoveToVersionId, RemoveFromVersionId }) {
      if (holderOf(VersionStage!) !== RemoveFromVersionId) throw new Refused('InvalidParameterException');
      move(VersionStage!, MoveToVersionId!);
      return {};
    },
  };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1]!;
    const input = (await json(request)) as Record<string, string & string[]>;
    const answer = async () => {
      await before(operation, manager);
      if (input.SecretId !== secret) throw new Refused('ResourceNotFoundException');
      return operations[operation]!(input);
    };
    const [status, body] = await answer().then(
      (done) => [200, done] as const,
      (error: Error) => [error instanceof Refused ? 400 : 500, { __type: error.message }] as const,
    );
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new SecretsManagerClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const manager = { url, client, versions };
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return manager;
}
