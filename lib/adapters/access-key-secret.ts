import { setTimeout as wait } from 'node:timers/promises';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type AccessKey, type AccessKeyStore, readAccessKeys, writeAccessKeys } from '../core/access-keys.ts';
import { ConfigError, UnavailableError } from '../core/errors.ts';
import { isNamed } from './aws-failures.ts';

/** The label of the version that counts, Secrets Manager's own, and ours of the one that is to follow it. */
const label = { current: 'AWSCURRENT', next: 'FACENET_NEXT' } as const;
/** What Secrets Manager answers when the label is no longer where it was, or the version that was to get it has gone. */
const movedOn = ['InvalidParameterException', 'InvalidRequestException', 'ResourceNotFoundException'];
/** How often a change is tried when others are quicker, and the milliseconds of the pause before the second time, which grows. */
const attempts = { most: 10, pause: 50 };

/**
 * Access keys in one secret of Secrets Manager.
 * @param secret its name or ARN
 */
export function openKeySecret(client: SecretsManagerClient, secret: string): AccessKeyStore {
  const current = async (): Promise<{ readonly keys: readonly AccessKey[]; readonly version?: string | undefined }> => {
    try {
      const { SecretString = '', VersionId } = await client.send(
        new GetSecretValueCommand({ SecretId: secret, VersionStage: label.current }),
      );
      return { keys: readAccessKeys(SecretString, secret), version: VersionId };
    } catch (error) {
      // A secret without a value answers so, and so does one that is not there; a change tells the two apart.
      if (isNamed(error, 'ResourceNotFoundException')) return { keys: [] };
      throw error;
    }
  };

  const putNext = async (SecretString: string) => {
    try {
      return await client.send(
        new PutSecretValueCommand({ SecretId: secret, SecretString, VersionStages: [label.next] }),
      );
    } catch (cause) {
      if (!isNamed(cause, 'ResourceNotFoundException')) throw cause;
      throw new ConfigError(
        `Expected a secret ${secret}, found none. The stack makes one with accessKeys: true, and names it in its outputs; look at the region, too.`,
        { cause },
      );
    }
  };

  const makeCurrent = async (MoveToVersionId: string | undefined, RemoveFromVersionId: string | undefined) => {
    const version = { SecretId: secret, VersionStage: label.current, MoveToVersionId, RemoveFromVersionId };
    try {
      await client.send(new UpdateSecretVersionStageCommand(version));
      return true;
    } catch (error) {
      if (isNamed(error, ...movedOn)) return false;
      throw error;
    }
  };

  return {
    read: async () => (await current()).keys,
    /** The new version is put beside the current one, and takes the label from the very version that was read: Secrets Manager refuses that when the label has moved on. */
    async change(edit) {
      let written: string | undefined;
      for (let attempt = 0; attempt < attempts.most; attempt++) {
        await wait(attempt * attempts.pause);
        const { keys, version } = await current();
        // An attempt whose answer was lost on its way had come through.
        if (written !== undefined && version === written) return;
        const put = await putNext(writeAccessKeys(edit(keys)));
        written = put.VersionId;
        // The first version of all is current by itself.
        if (put.VersionStages?.includes(label.current) || (await makeCurrent(written, version))) return;
      }
      throw new UnavailableError(
        `Expected to change the keys in ${secret} in ${attempts.most} attempts, but others changed them each time. Try again.`,
      );
    },
  };
}
