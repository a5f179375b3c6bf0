import pacote from 'pacote';
import { npmRegistry } from '../lib/config.ts';

/** A script: `fetch-package SPEC INTEGRITY FOLDER` unpacks an npm package without installing it, so nothing of it runs. */
const [spec, integrity, folder] = process.argv.slice(2) as [string, string, string];
const registry = npmRegistry();
await pacote.extract(spec, folder, { integrity, preferOffline: true, ...(registry && { registry }) });
