// The original server as it stands in the reference document, made to run: its placeholder for sign-in checks a token, its
// logger is silent, its clients of PostgreSQL and Redis and its port come from the environment. Nothing else is touched.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import type { PostgresDatabase } from '../support/databases';
import { buildFolder, referenceBlock } from '../support/reference';
import { SECRET } from '../support/tokens';

const run = promisify(execFile);

const PRISMA = path.resolve(import.meta.dirname, '../node_modules/.bin/prisma');

const SCHEMA_HEAD = `
generator client {
  provider = "prisma-client"
  output   = "./generated"
}
datasource db {
  provider = "postgresql"
}
`;

// Shims: replacements for the modules that the reference document imports, by module name.
const SHIMS: Record<string, string> = {
  '@prisma/client': `
    import { PrismaPg } from '@prisma/adapter-pg';
    import { PrismaClient as Generated } from './generated/client';
    export class PrismaClient extends Generated {
      constructor() {
        super({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
      }
    }`,
  ioredis: `
    import { Redis as Real } from 'ioredis-real';
    export default class Redis extends Real {
      constructor() {
        super(process.env.REDIS_URL);
      }
    }`,
  '../utils/logger': 'export const logger = { info() {}, error() {}, warn() {} };',
};

/** Patches to the document's code: the check of the token, the port and the line that reports the port. */
const PATCHES: [RegExp, string][] = [
  [
    /const user = \{ id: '1', name: 'User' \};.*/,
    `const claims = jwt.verify(token, process.env.JWT_SECRET) as any;
     const user = { id: claims.sub, name: claims.name };`,
  ],
  [/^import /m, "import jwt from 'jsonwebtoken';\nimport "],
  [/listen\(3000, /, "listen(Number(process.env.PORT), '127.0.0.1', "],
  [
    /logger\.info\('Chat server running[^)]*\)/,
    "console.log('listening ' + (httpServer.address() as any).port)",
  ],
];

/** The original's code, built once; any number of servers and scripts can run on it. */
export class Original {
  private constructor(
    private readonly folder: string,
    readonly remove: () => Promise<void>,
  ) {}

  /** `changes`: edits of the code, as a team may have made them; each text has to be there. */
  static async build(changes: [string, string][] = []): Promise<Original> {
    const { folder, remove } = await buildFolder('original');
    const original = new Original(folder, remove);
    await writeFile(
      path.join(folder, 'schema.prisma'),
      SCHEMA_HEAD + referenceBlock('// prisma/schema.prisma'),
    );
    await run(PRISMA, ['generate', '--schema', 'schema.prisma'], {
      cwd: folder,
      // Generating needs no engine; without this it would look for one to download.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' },
    });
    let server = referenceBlock('// src/chat/server.ts');
    for (const [pattern, text] of PATCHES) {
      if (!pattern.test(server)) throw new Error(`the reference document has no ${pattern}`);
      server = server.replace(pattern, text);
    }
    for (const [text, change] of changes) {
      if (!server.includes(text)) throw new Error(`the reference document has no ${text}`);
      server = server.replaceAll(text, change);
    }
    await original.bundle('server', server);
    return original;
  }

  /** Runs a script that has \`prisma\`, and gives what it prints as JSON. */
  async script(database: PostgresDatabase, body: string): Promise<unknown> {
    await this.bundle(
      'script',
      `import { PrismaClient } from '@prisma/client'; const prisma = new PrismaClient();\n${body}`,
    );
    const { stdout } = await run('node', [path.join(this.folder, 'script.mjs')], {
      env: { ...process.env, ...database.env },
    });
    return JSON.parse(stdout);
  }

  private async bundle(name: string, source: string): Promise<void> {
    const { folder } = this;
    const shims: Plugin = {
      name: 'shims',
      setup(made) {
        made.onResolve(
          { filter: /^(@prisma\/client|ioredis|ioredis-real|\.\.\/utils\/logger)$/ },
          ({ path: name }) =>
            name === 'ioredis-real' ? { path: 'ioredis', external: true } : { path: name, namespace: 'shim' },
        );
        made.onLoad({ filter: /.*/, namespace: 'shim' }, ({ path: name }) => ({
          contents: SHIMS[name],
          loader: 'ts',
          resolveDir: folder,
        }));
      },
    };
    await build({
      stdin: { contents: source, loader: 'ts', resolveDir: folder },
      outfile: path.join(folder, `${name}.mjs`),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      plugins: [shims],
    });
  }

  async start(database: PostgresDatabase): Promise<OriginalServer> {
    const child = spawn('node', [path.join(this.folder, 'server.mjs')], {
      env: { ...process.env, ...database.env, PORT: '0', JWT_SECRET: SECRET },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the original ended with ${code} before it listened`)));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const found = /listening (\d+)/.exec(text)?.[1];
        if (found) resolve(found);
      });
    });
    return new OriginalServer(child, `http://127.0.0.1:${port}`);
  }
}

export class OriginalServer {
  constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
