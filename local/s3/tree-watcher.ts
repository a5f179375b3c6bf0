import { type FSWatcher, watch } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { failedWith } from '../../lib/adapters/files.ts';
import { isIgnoredName } from './ignored-names.ts';

/** So many paths touched at once are settled by one look at the whole tree. */
const maxTouched = 4096;
/** Milliseconds between looks at the whole tree where the operating system has no more watches to give. */
const pollEvery = 5000;
/** Where the operating system watches a whole tree by itself; elsewhere every folder is watched, never every file. */
const watchesTrees = process.platform === 'darwin' || process.platform === 'win32';

/**
 * Watches a tree of folders and says of each path (`/` between names, relative to the root; empty for the whole tree) that was touched, when nothing has
 * happened to it for a while. It takes memory for each folder, not for each file. Paths with an ignored name are left out.
 */
export class TreeWatcher {
  readonly #root: string;
  /** Milliseconds. */
  readonly #settled: number;
  readonly #changed: (path: string) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #touched = new Map<string, NodeJS.Timeout>();
  readonly #ready = new Set<string>();
  #running: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    root: string,
    settled: number,
    changed: (path: string) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#root = root;
    this.#settled = settled;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Watches from now on; resolves when every folder that is there is watched. */
  async start(): Promise<void> {
    await this.#watch('');
  }

  /** Says that a path should be looked at once it has settled. */
  touch(path: string): void {
    if (this.#closed || path.split('/').some(isIgnoredName)) return;
    if (this.#touched.size >= maxTouched) {
      for (const timer of this.#touched.values()) clearTimeout(timer);
      this.#touched.clear();
      path = '';
    }
    clearTimeout(this.#touched.get(path));
    this.#touched.set(
      path,
      setTimeout(() => this.#settle(path), this.#settled),
    );
  }

  /** Looks at a path now, after those that wait already; resolves when nothing waits any more. */
  async look(path: string): Promise<void> {
    this.#settle(path);
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#touched.values()) clearTimeout(timer);
    clearInterval(this.#poll);
    this.#unwatch('');
    await this.#running;
  }

  #settle(path: string): void {
    this.#touched.delete(path);
    this.#ready.add(path);
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#ready.size > 0 && !this.#closed) this.#start();
    });
  }

  async #run(): Promise<void> {
    for (const path of this.#ready) {
      this.#ready.delete(path);
      if (this.#closed) return;
      try {
        await this.#watch(path);
        await this.#changed(path);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  /** Watches a folder and those in it; what is no folder, or no longer, is watched no longer. */
  async #watch(path: string): Promise<void> {
    if (this.#closed || (watchesTrees && path !== '')) return;
    try {
      if (!(await lstat(join(this.#root, path))).isDirectory()) return this.#unwatch(path);
      const folder = await opendir(join(this.#root, path));
      this.#watchOne(path);
      for await (const entry of folder) {
        if (watchesTrees || !entry.isDirectory() || isIgnoredName(entry.name)) continue;
        await this.#watch(path === '' ? entry.name : `${path}/${entry.name}`);
      }
    } catch (error) {
      if (failedWith(error, 'ENOSPC', 'EMFILE')) return this.#startPolling(error);
      if (!failedWith(error, 'ENOENT', 'ENOTDIR')) throw error;
      this.#unwatch(path);
    }
  }

  #watchOne(path: string): void {
    if (this.#closed || this.#watchers.has(path)) return;
    const watcher = watch(join(this.#root, path), { recursive: watchesTrees }, (event, name) => {
      const inside = name?.split(sep).join('/') ?? '';
      const touched = path === '' || inside === '' ? path + inside : `${path}/${inside}`;
      // A folder that came or went: what watched it may watch one that is gone. It is watched anew when it has settled.
      if (event === 'rename' && touched !== '' && this.#watchers.has(touched)) this.#unwatch(touched);
      this.touch(touched);
    });
    watcher.on('error', (error) => {
      this.#unwatch(path);
      this.#failed(error);
    });
    this.#watchers.set(path, watcher);
  }

  #unwatch(path: string): void {
    for (const [watched, watcher] of this.#watchers) {
      if (path !== '' && watched !== path && !watched.startsWith(`${path}/`)) continue;
      watcher.close();
      this.#watchers.delete(watched);
    }
  }

  #startPolling(error: unknown): void {
    if (this.#poll) return;
    this.#failed(error);
    this.#poll = setInterval(() => this.touch(''), pollEvery);
  }
}
