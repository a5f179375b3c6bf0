import { leadsHere } from '../loopback-server.ts';
import { S3Error } from './errors.ts';
import type { CorsRule } from './object-index.ts';
import type { S3Request, S3Response } from './request.ts';
import { fromXml, type XmlValue } from './xml.ts';

const methods = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

/** Reads a CORSConfiguration document. @throws S3Error MalformedXML, InvalidRequest */
export function corsRulesOf(text: string): CorsRule[] {
  const rules = fromXml(text, 'CORSConfiguration').all('CORSRule');
  if (rules.length === 0) throw new S3Error('MalformedXML', 'Expected at least one CORSRule.');
  return rules.map((rule) => {
    const unknown = rule.texts('AllowedMethod').find((method) => !methods.includes(method));
    if (unknown !== undefined || rule.all('AllowedOrigin').length === 0 || rule.all('AllowedMethod').length === 0) {
      throw new S3Error(
        'InvalidRequest',
        `Expected an AllowedOrigin and AllowedMethods of ${methods.join(', ')} in each CORSRule.`,
      );
    }
    const maxAge = rule.text('MaxAgeSeconds');
    return {
      origins: rule.texts('AllowedOrigin'),
      methods: rule.texts('AllowedMethod'),
      headers: rule.texts('AllowedHeader'),
      exposed: rule.texts('ExposeHeader'),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
    };
  });
}

/** The content of a CORSConfiguration document. */
export function corsConfiguration(rules: readonly CorsRule[]): { readonly [name: string]: XmlValue } {
  return {
    CORSRule: rules.map((rule) => ({
      AllowedOrigin: rule.origins,
      AllowedMethod: rule.methods,
      AllowedHeader: rule.headers,
      ExposeHeader: rule.exposed,
      ...(rule.maxAge !== undefined && { MaxAgeSeconds: rule.maxAge }),
    })),
  };
}

/** Answers a browser's preflight. @throws S3Error AccessDenied when no rule of the bucket allows what it asks */
export function preflightResponse({ headers }: Pick<S3Request, 'headers'>, rules: readonly CorsRule[]): S3Response {
  const method = headers['access-control-request-method'];
  const asked = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const rule = method === undefined ? undefined : ruleFor(rules, headers.origin, method, asked);
  if (!rule) {
    throw new S3Error(
      'AccessDenied',
      'CORSResponse: this CORS request is not allowed. Put a CORS configuration that allows it on the bucket.',
    );
  }
  return {
    status: 200,
    headers: {
      ...allowed(rule, headers.origin!),
      'access-control-allow-headers': asked.join(', ') || undefined,
      'access-control-max-age': rule.maxAge?.toString(),
    },
  };
}

/** The headers that let a browser's script read an answer; none when no rule allows it. */
export function corsHeaders(
  { headers, method }: Pick<S3Request, 'headers' | 'method'>,
  rules: readonly CorsRule[],
): Record<string, string> {
  const rule = ruleFor(rules, headers.origin, method, []);
  return rule ? allowed(rule, headers.origin!) : {};
}

/**
 * Lets a page of the web change nothing unless a rule of the bucket allows it: browsers send some requests without a preflight, and the keys of a stack on loopback are
 * no secret. Programs have no origin.
 * @throws S3Error AccessDenied
 */
export function expectWriterOfOurs(
  { headers: { origin }, method }: Pick<S3Request, 'headers' | 'method'>,
  rules: readonly CorsRule[],
): void {
  if (origin === undefined || ['GET', 'HEAD'].includes(method) || leadsHere(origin)) return;
  if (ruleFor(rules, origin, method, [])) return;
  throw new S3Error(
    'AccessDenied',
    `Expected a program, or a page that the bucket's CORS configuration allows to ${method}, received a page of ${origin}. Put a rule that allows it on the bucket.`,
  );
}

function ruleFor(
  rules: readonly CorsRule[],
  origin: string | undefined,
  method: string,
  headers: readonly string[],
): CorsRule | undefined {
  if (origin === undefined) return undefined;
  return rules.find(
    (rule) =>
      rule.methods.includes(method) &&
      rule.origins.some((pattern) => fits(pattern, origin)) &&
      headers.every((name) => rule.headers.some((pattern) => fits(pattern.toLowerCase(), name.toLowerCase()))),
  );
}

/** Whether a text fits a pattern with at most one `*`. */
function fits(pattern: string, text: string): boolean {
  const [start, end] = pattern.split('*') as [string, string?];
  if (end === undefined) return text === pattern;
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end);
}

function allowed(rule: CorsRule, origin: string): Record<string, string> {
  const any = rule.origins.includes('*');
  return {
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(rule.exposed.length > 0 && { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(!any && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}
