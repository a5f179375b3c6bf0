import { ConfigError } from '../lib/core/errors.ts';

/**
 * Makes sure that a client of AWS knows which region to call, before it is used.
 * @throws ConfigError that says where a region is looked for
 */
export async function expectRegion(client: { readonly config: { region(): Promise<string> } }): Promise<void> {
  try {
    await client.config.region();
  } catch (cause) {
    throw new ConfigError(
      'Expected a region of AWS to call, found none. Set AWS_REGION or AWS_DEFAULT_REGION, or the region of the profile in ~/.aws/config.',
      { cause },
    );
  }
}
