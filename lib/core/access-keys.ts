import { z } from 'zod';
import { ConfigError, RequestError } from './errors.ts';
import { jsonOf } from './json.ts';

/**
 * What a key lets its holder do. None of them brings another along: a kiosk that enrols need not be able to search.
 * `read`: verify, search, detect and list. `write`: index and enrol, assign and rename, upload. `admin`: create and delete collections, and delete people.
 */
export const scopes = ['read', 'write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** AWS's clients want 16 characters or more; the first say that it is none of theirs. */
const idPattern = /^FACE[A-Z2-7]{16}$/;

const keySchema = z.strictObject({
  id: z.string().regex(idPattern),
  /** Gone when the key is revoked. */
  secret: z.string().min(40).optional(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)).min(1).readonly(),
  collections: z.array(z.string()).min(1).readonly().optional(),
  createdAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
});
const documentSchema = z.strictObject({ version: z.literal(1), keys: z.array(keySchema).readonly() });

/** A key that the operator has issued: who holds it may sign requests with it, for some purposes and perhaps for some collections alone. */
export type AccessKey = z.infer<typeof keySchema>;

/** What is chosen when a key is issued. */
export interface AccessKeyOptions {
  /** Whom it is for; 1 to 64 characters. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Those it is good for; all of them where it is absent. */
  readonly collections?: readonly string[] | undefined;
}

/** Where issued keys are kept. */
export interface AccessKeyStore {
  /**
   * All keys, revoked ones too; none where none was ever issued.
   * @throws ConfigError when what is kept there is damaged, or open to others
   */
  read(): Promise<readonly AccessKey[]>;
  /** Replaces the keys by what `edit` makes of them. It is called again on what is there then when somebody else has replaced them meanwhile, so that no change is lost. */
  change(edit: (keys: readonly AccessKey[]) => readonly AccessKey[]): Promise<void>;
}

/** Keys that are kept at most; a secret of Secrets Manager holds 64 KiB, and a key with a few collections takes some 250 bytes. */
const mostKeys = 200;

/**
 * Issues a key: an id of 80 random bits, a secret of 240. Once there are 200, those that were revoked first make room.
 * @throws RequestError INVALID_REQUEST for a name that is none or too long, or when 200 keys are in use
 */
export function issueKey(
  keys: readonly AccessKey[],
  { name, scopes, collections }: AccessKeyOptions,
  now: Date,
): { readonly keys: readonly AccessKey[]; readonly issued: AccessKey & { readonly secret: string } } {
  if (!/^[^\p{Cc}]{1,64}$/u.test(name)) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected a name of 1 to 64 characters for the key, received ${name.length}. It tells you later whom to ask.`,
    );
  }
  const issued = {
    id: `FACE${base32(crypto.getRandomValues(new Uint8Array(10)))}`,
    secret: Buffer.from(crypto.getRandomValues(new Uint8Array(30))).toString('base64url'),
    name,
    scopes: [...new Set(scopes)],
    ...(collections && { collections: [...new Set(collections)] }),
    createdAt: now.toISOString(),
  };
  const surplus = keys.length + 1 - mostKeys;
  const leaving = new Set(surplus > 0 ? firstRevoked(keys).slice(0, surplus) : []);
  if (leaving.size < surplus) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected fewer than ${mostKeys} keys in use, received one more. Revoke those that nobody uses, or let callers in by an identity provider.`,
    );
  }
  return { keys: [...keys.filter((key) => !leaving.has(key)), issued], issued };
}

/**
 * Takes a key back: its secret goes, the rest stays to be seen in the list. One that was revoked already stays as it is.
 * @throws RequestError INVALID_REQUEST when there is no such key
 */
export function revokeKey(keys: readonly AccessKey[], id: string, now: Date): readonly AccessKey[] {
  if (!keys.some((key) => key.id === id)) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected the id of an issued key, received "${id}". \`facenet keys list\` shows them.`,
    );
  }
  return keys.map(({ secret, ...key }) =>
    key.id === id
      ? { ...key, revokedAt: key.revokedAt ?? now.toISOString() }
      : { ...key, ...(secret !== undefined && { secret }) },
  );
}

/**
 * Reads the document in which keys are kept.
 * @param place named in the message, which tells nothing of what is in it
 * @throws ConfigError when it is no such document
 */
export function readAccessKeys(text: string, place: string): readonly AccessKey[] {
  const parsed = documentSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.keys;
  const where = parsed.error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
  throw new ConfigError(
    `Expected access keys as \`facenet keys create\` writes them in ${place}, received something else (${where}). Restore it from a backup, or remove it and issue keys anew.`,
  );
}

/** The document in which keys are kept, as text. */
export function writeAccessKeys(keys: readonly AccessKey[]): string {
  return JSON.stringify({ version: 1, keys } satisfies z.input<typeof documentSchema>, null, 2);
}

function firstRevoked(keys: readonly AccessKey[]): AccessKey[] {
  return keys
    .filter(({ revokedAt }) => revokedAt !== undefined)
    .sort((a, b) => a.revokedAt!.localeCompare(b.revokedAt!));
}

/** As RFC 4648 has it, for a multiple of 5 bytes. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits
    .match(/.{5}/g)!
    .reduce((text, five) => text + 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)], '');
}
