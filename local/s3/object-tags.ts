import { S3Error } from './errors.ts';
import { fromXml, type XmlValue } from './xml.ts';

/** S3's limits: tags of an object, characters of a name and of a value. */
const maxTags = 10;
const maxKeyLength = 128;
const maxValueLength = 256;

export type Tags = Readonly<Record<string, string>>;

/** Reads the x-amz-tagging header: `name=value&…`, URL-encoded. @throws S3Error InvalidTag */
export function tagsOfHeader(header: string | undefined): Tags {
  return checked([...new URLSearchParams(header ?? '')]);
}

/** Reads a Tagging document. @throws S3Error MalformedXML, InvalidTag */
export function tagsOfXml(text: string): Tags {
  const tags = fromXml(text, 'Tagging')
    .all('TagSet')
    .flatMap((set) => set.all('Tag'));
  return checked(tags.map((tag) => [tag.text('Key') ?? '', tag.text('Value') ?? '']));
}

/** The content of a Tagging document. */
export function tagSet(tags: Tags): { readonly [name: string]: XmlValue } {
  return { TagSet: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) } };
}

function checked(pairs: ReadonlyArray<readonly [string, string]>): Tags {
  const names = new Set(pairs.map(([name]) => name));
  if (pairs.length > maxTags || names.size < pairs.length) {
    throw new S3Error('InvalidTag', `Expected at most ${maxTags} tags, each name once.`);
  }
  for (const [name, value] of pairs) {
    if (name === '' || name.length > maxKeyLength || value.length > maxValueLength) {
      throw new S3Error(
        'InvalidTag',
        `Expected tag names of 1 to ${maxKeyLength} characters and values of at most ${maxValueLength}.`,
      );
    }
  }
  return Object.fromEntries(pairs);
}
