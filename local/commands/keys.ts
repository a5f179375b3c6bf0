import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openKeyFile } from '../../lib/adapters/access-key-file.ts';
import { openKeySecret } from '../../lib/adapters/access-key-secret.ts';
import { createSecretsManagerClient } from '../../lib/adapters/aws-clients.ts';
import {
  type AccessKey,
  type AccessKeyStore,
  issueKey,
  revokeKey,
  type Scope,
  scopes,
} from '../../lib/core/access-keys.ts';
import { withData } from '../connect.ts';
import { expectRegion } from '../expect-region.ts';
import { defaultData } from '../working-folder.ts';

interface Place {
  readonly data: string;
  readonly file?: string;
  readonly secret?: string;
  readonly region?: string;
  readonly json?: true;
}

interface CreateOptions extends Place {
  readonly name: string;
  readonly scope: readonly Scope[];
  readonly collection?: readonly string[];
}

/** Where the keys of a data folder are kept. */
export function keyFileIn(data: string): string {
  return join(data, 'keys.json');
}

/** `facenet keys`: issues access keys for the API, lists them and takes them back. */
export function keysCommand(): Command {
  const command = new Command('keys').description('issue access keys for the API, list them, take them back');
  command
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
    .addHelpText(
      'after',
      `
Keys are kept in ${keyFileIn(defaultData())}, in the file of --file (for facenet start --keys), or in the secret of --secret (of a deployment with accessKeys).

Examples:
  facenet keys create --name kiosk --scope read --scope write --collection visitors
  facenet keys list --secret "$(out AccessKeys)"
  facenet keys revoke FACEQ5LZ…`,
    );
  return command;
}

function createCommand(): Command {
  const scope = new Option('--scope <scope>', 'read, write or admin; may be repeated')
    .argParser((text: string, before: readonly Scope[] = []) => [...before, scopeOf(text)])
    .makeOptionMandatory();
  const collection = new Option('--collection <name>', 'the only one it is good for; may be repeated').argParser(
    (text: string, before: readonly string[] = []) => [...before, text],
  );
  return withPlace(new Command('create'))
    .description('issue a key; its secret is shown this once')
    .requiredOption('--name <name>', 'whom it is for')
    .addOption(scope)
    .addOption(collection)
    .addHelpText(
      'after',
      `
read    verify, search, detect, list
write   index and enrol, assign, rename, upload
admin   create and delete collections, delete people
None of them brings another along.`,
    )
    .action(create);
}

function listCommand(): Command {
  return withPlace(new Command('list')).description('show which keys there are, without their secrets').action(list);
}

function revokeCommand(): Command {
  return withPlace(new Command('revoke'))
    .description('take a key back; here it ends at once, in AWS within a minute')
    .argument('<id>', 'of the key')
    .action(revoke);
}

function withPlace(command: Command): Command {
  return withData(command)
    .addOption(new Option('--file <path>', 'keep keys there').conflicts('secret'))
    .option('--secret <name>', 'keep keys in this secret of AWS Secrets Manager, by name or ARN')
    .option('--region <name>', 'of the secret, where its ARN is not given')
    .option('--json', 'print JSON');
}

async function create({ name, scope, collection, ...place }: CreateOptions): Promise<void> {
  const issued = await within(place, async (store) => {
    let last: ReturnType<typeof issueKey>['issued'] | undefined;
    await store.change((keys) => {
      const { keys: all, issued } = issueKey(keys, { name, scopes: scope, collections: collection }, new Date());
      last = issued;
      return all;
    });
    return last!;
  });
  if (place.json) return console.log(JSON.stringify(issued, null, 2));
  console.log(`export AWS_ACCESS_KEY_ID=${issued.id}
export AWS_SECRET_ACCESS_KEY=${issued.secret}

The same as a profile, for ~/.aws/credentials; clients want a region, and here any will do:

[${name.replace(/[^\w.-]+/g, '-')}]
aws_access_key_id = ${issued.id}
aws_secret_access_key = ${issued.secret}
region = us-east-1

The secret is not shown again.`);
}

async function list(place: Place): Promise<void> {
  const keys = (await within(place, (store) => store.read())).map(({ secret: _, ...key }) => key);
  if (place.json) console.log(JSON.stringify({ keys }, null, 2));
  else if (keys.length === 0) console.log('none yet; issue one: facenet keys create --name NAME --scope read');
  for (const key of place.json ? [] : keys) console.log(describe(key));
}

async function revoke(id: string, place: Place): Promise<void> {
  await within(place, (store) => store.change((keys) => revokeKey(keys, id, new Date())));
  if (place.json) console.log(JSON.stringify({ revoked: id }, null, 2));
  else console.log(`${id} is revoked`);
}

async function within<T>(
  { data, file, secret, region }: Place,
  use: (store: AccessKeyStore) => Promise<T>,
): Promise<T> {
  if (secret === undefined) return use(openKeyFile(file ?? keyFileIn(data)));
  // An ARN says where it is.
  const [, where] = /^arn:[\w-]+:secretsmanager:([\w-]+):/.exec(secret) ?? [];
  const client = createSecretsManagerClient({ region: region ?? where });
  try {
    await expectRegion(client);
    return await use(openKeySecret(client, secret));
  } finally {
    client.destroy();
  }
}

function describe({ id, name, scopes, collections, createdAt, revokedAt }: Omit<AccessKey, 'secret'>): string {
  const since = revokedAt === undefined ? `since ${createdAt}` : `revoked ${revokedAt}`;
  return `${id}  ${scopes.join(',').padEnd(16)}  ${collections?.join(', ') ?? 'all collections'}  ${name}, ${since}`;
}

function scopeOf(text: string): Scope {
  const scope = scopes.find((known) => known === text);
  if (scope) return scope;
  throw new InvalidArgumentError(`Expected ${scopes.join(', ')}, received "${text}".`);
}
