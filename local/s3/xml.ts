import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { S3Error } from './errors.ts';

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: false });
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  htmlEntities: true,
});

/** What an XML document is made of: text, or elements by name; a list is the element repeated, undefined is none. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** Writes a document of S3's namespace. */
export function toXml(root: string, content: { readonly [name: string]: XmlValue }, { xmlns = true } = {}): string {
  const body = builder.build({ [root]: xmlns ? { '@xmlns': namespace, ...content } : content });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
}

/** An element as it was parsed. Reads children by name and never trusts their shape. */
class XmlElement {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** The child elements of this name. */
  all(name: string): XmlElement[] {
    const child = isRecord(this.#value) ? this.#value[name] : undefined;
    if (child === undefined) return [];
    return (Array.isArray(child) ? child : [child]).map((value) => new XmlElement(value));
  }

  /** The text of the first child of this name. */
  text(name: string): string | undefined {
    return this.all(name)[0]?.content;
  }

  /** The texts of all children of this name. */
  texts(name: string): string[] {
    return this.all(name).map((child) => child.content ?? '');
  }

  get content(): string | undefined {
    return typeof this.#value === 'string' ? this.#value : undefined;
  }
}

/**
 * Reads a document whose root has this name.
 * @throws S3Error MalformedXML; also for a document type, which S3's documents have none of
 */
export function fromXml(text: string, root: string): XmlElement {
  const document: unknown = /<!DOCTYPE/i.test(text) ? undefined : parse(text);
  if (isRecord(document) && root in document) return new XmlElement(document[root]);
  throw malformed(root);
}

function parse(text: string): unknown {
  try {
    return parser.parse(text, true);
  } catch {
    // The library throws plain errors for what it cannot read; the caller refuses the document.
    return undefined;
  }
}

function malformed(root: string): S3Error {
  return new S3Error('MalformedXML', `The XML you provided was not well-formed: expected a ${root} document.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
