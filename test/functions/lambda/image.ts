import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Copy, DockerfileParser, type From, type Instruction } from 'dockerfile-ast';
import type { ImageSource } from '../../../cdk/function-assets.ts';
import { functionEnvironment } from '../../../lib/config.ts';

/** What AWS's base image sets. */
const base = { LAMBDA_TASK_ROOT: '/var/task' };

interface Stage {
  readonly root: string;
  readonly node: string;
  folder: string;
  readonly environment: Record<string, string>;
}

/**
 * Follows a Dockerfile without Docker: a folder stands for the file system of each stage, and COPY and RUN happen there, in order. What it cannot show is the base
 * image, which is empty here, so RUN may use nothing but Node and the shell, and no absolute path.
 * @param node what runs Node in a stage of the image's own platform
 * @param prepare is called before each RUN: it lays beside the libraries for arm64 those that `node` can load
 * @returns the root folder of the last stage
 */
export function followDockerfile(
  source: ImageSource,
  to: string,
  { node, prepare }: { readonly node: string; readonly prepare: (task: string) => void },
): string {
  const stages = new Map<string, Stage>();
  const dockerfile = DockerfileParser.parse(readFileSync(join(source.directory, source.file), 'utf8'));
  let stage!: Stage;
  const inStage = (path: string) => join(stage.root, path.startsWith('/') ? '' : stage.folder, path);
  const expand = (text: string) =>
    text.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => stage.environment[name] ?? '').replaceAll('"', '');
  for (const instruction of dockerfile.getInstructions()) {
    const text = instruction.getArgumentsContent() ?? '';
    switch (instruction.getKeyword()) {
      case 'FROM': {
        const name = (instruction as From).getBuildStage() ?? String(stages.size);
        const isOfHost = (instruction as From).getPlatformFlag() !== null;
        stage = {
          root: join(to, name),
          node: isOfHost ? process.execPath : node,
          folder: base.LAMBDA_TASK_ROOT,
          environment: { ...base },
        };
        mkdirSync(stage.root, { recursive: true });
        stages.set(name, stage);
        break;
      }
      case 'ARG':
        if (text in source.buildArgs) stage.environment[text] = source.buildArgs[text]!;
        break;
      case 'ENV': {
        const [name, value = ''] = text.split('=');
        stage.environment[name!] = expand(value);
        break;
      }
      case 'WORKDIR':
        stage.folder = text;
        mkdirSync(inStage('.'), { recursive: true });
        break;
      case 'COPY': {
        const [from, target] = argumentsOf(instruction);
        const flag = (instruction as Copy).getFromFlag()?.getValue();
        const root = flag ? stages.get(flag)!.root : source.directory;
        const destination = from!.endsWith('/') ? target! : join(target!, from!);
        cpSync(join(root, from!), inStage(destination), { recursive: true });
        break;
      }
      case 'RUN':
        prepare(inStage('.'));
        execFileSync('sh', ['-c', text], {
          cwd: inStage('.'),
          env: functionEnvironment({
            ...stage.environment,
            PATH: `${dirname(stage.node)}:/usr/bin:/bin`,
            ...(existsSync(join(stage.root, 'opt/models')) && { FACENET_MODELS: join(stage.root, 'opt/models') }),
          }) as NodeJS.ProcessEnv,
          stdio: 'pipe',
        });
        break;
    }
  }
  return stage.root;
}

function argumentsOf(instruction: Instruction): string[] {
  return instruction
    .getArguments()
    .map((argument) => argument.getValue())
    .filter((value) => !value.startsWith('--'));
}
