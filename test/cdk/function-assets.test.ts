import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it, vi } from 'vitest';
import { sharpParts } from '../../cdk/native-parts.ts';
import { variable } from '../../lib/config.ts';
import { UnavailableError } from '../../lib/core/errors.ts';

/** What Lambda unzips of a function and its layers, at most. */
const lambdaLimit = 250 * 1024 * 1024;

const assets = () => import('../../cdk/function-assets.ts');

/** Sharp's libraries for arm64 come from the npm registry, once a machine; without them there is nothing to look at. */
const offline = await assets()
  .then(({ detectCode }) => detectCode())
  .then(
    () => false,
    (error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
      console.warn('cdk/function-assets is not tested: the npm registry does not answer, and no copy is in the cache');
      return true;
    },
  );

it('the native packages are those of the lock', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

  for (const { name, version, integrity } of sharpParts) {
    expect(packages[`node_modules/${name}`]).toMatchObject({ version, integrity });
  }
});

describe.skipIf(offline)("detect's zip", () => {
  it('has the handler under the name that Lambda is given', async () => {
    const { detectCode, handler } = await assets();

    expect(handler.detect).toBe('functions/detect/handler.handler');
    expect(statSync(join(detectCode(), 'functions/detect/handler.mjs')).isFile()).toBe(true);
  });

  it('is built again with the same content, which its name tells', async () => {
    const first = (await assets()).detectCode();
    vi.resetModules();
    const second = (await assets()).detectCode();

    expect(second).toBe(first);
  });

  it('carries native libraries for arm64 and no other machine', async () => {
    const libraries = filesIn((await assets()).detectCode()).filter((path) =>
      /\.node$|\.so(\.|$)|\.dll$|\.dylib$/.test(path),
    );

    expect(libraries).toHaveLength(4);
    for (const library of libraries) expect(machineOf(library), library).toBe(elfArm64);
  });

  it('stays under what Lambda unzips with its layer, by a margin of more than half', async () => {
    const { detectCode, modelsLayerCode } = await assets();

    const bytes = sizeOf(detectCode()) + sizeOf(modelsLayerCode('mobilefacenet'));

    expect(bytes).toBeLessThan(lambdaLimit / 2);
  });
});

describe.skipIf(offline)('the source of the image', () => {
  it('has the three handlers, what makes the models, and no package beside the native ones', async () => {
    const { directory } = (await assets()).imageSource('mobilefacenet');

    expect(readdirSync(directory).sort()).toEqual(['Dockerfile', 'make-models.mjs', 'models', 'task']);
    expect(existsSync(join(directory, 'task/functions/match/openapi-explorer.min.js'))).toBe(true);
    for (const handler of ['embed/handler', 'match/tag', 'match/api']) {
      expect(statSync(join(directory, 'task/functions', `${handler}.mjs`)).isFile()).toBe(true);
    }
    expect(readdirSync(join(directory, 'task/node_modules')).sort()).toEqual([
      '@img',
      'onnxruntime-common',
      'onnxruntime-node',
    ]);
  });
});

describe('the Dockerfile', () => {
  const dockerfile = readFileSync('functions/embed/Dockerfile', 'utf8');

  it('has nothing that the linter minds', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it('ends without rights, in an image of AWS that was tested', () => {
    const instructions = DockerfileParser.parse(dockerfile).getInstructions();
    const last = (keyword: string) =>
      instructions.findLast((instruction) => instruction.getKeyword() === keyword)?.getArgumentsContent();

    expect(last('FROM')).toBe('public.ecr.aws/lambda/nodejs:22');
    expect(last('RUN')).toBe('node functions/embed/self-test.mjs');
    expect(last('USER')).toBe('65534:65534');
    expect(last('CMD')).toBe('["functions/embed/handler.handler"]');
  });
});

describe('what does not fit fails at synthesis', () => {
  it('an embedder that nobody knows', async () => {
    const { modelsLayerCode, imageSource } = await assets();

    for (const make of [modelsLayerCode, imageSource]) {
      expect(() => make('eigenfaces')).toThrow(/Expected an embedder of mobilefacenet, .*dlib-resnet/);
    }
  });

  it('a detector that was never made, with what to run', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'facenet-'));
    vi.stubEnv(variable.models, empty);
    vi.resetModules();
    const { modelsLayerCode } = await assets();

    expect(() => modelsLayerCode('mobilefacenet')).toThrow(/Expected the model file .*mtcnn.*npm run models/);
    vi.unstubAllEnvs();
    rmSync(empty, { recursive: true });
  });
});

/** e_machine of an ELF file, see elf(5); EM_AARCH64. */
const elfArm64 = 183;

function machineOf(library: string): number {
  return readFileSync(library).readUInt16LE(18);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function sizeOf(folder: string): number {
  return filesIn(folder).reduce((sum, path) => sum + statSync(path).size, 0);
}
