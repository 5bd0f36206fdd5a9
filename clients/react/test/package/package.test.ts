// The package as people get it: installed where there is nothing else, it is imported, compiled, bundled, rendered on a server
// and opened in a page, with either React.
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { JSDOM, VirtualConsole } from 'jsdom';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tokenOf } from '../fakeServer.js';
import { User, pack, type Packages } from './installed.js';
import { registryOf } from './registry.js';
import { COMPONENT, FINDING, HOOK, namesOf, ROOMS } from './readme.js';
import { smallServer, type SmallServer } from './server.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const REACTS: Record<string, Packages> = {
  18: {
    react: 'react-18',
    'react-dom': 'react-dom-18',
    '@types/react': '@types/react-18',
    '@types/react-dom': '@types/react-dom-18',
  },
  19: {
    react: 'react',
    'react-dom': 'react-dom',
    '@types/react': '@types/react',
    '@types/react-dom': '@types/react-dom',
  },
};
const TOKEN = JSON.stringify(tokenOf('alice'));

const CORE = `
  import { ChatClient } from '@chatoxide/react/core';

  const client = new ChatClient({ url, token });
  const leave = client.enter('general');
  const room = client.room('general');
  room.subscribe(() => console.log(room.get().messages));
  await room.sendMessage('hello');
  leave();`;
const PAGE = `
  import { StrictMode } from 'react';
  import { createRoot } from 'react-dom/client';
  import { Page } from './component.js';
  const place = document.createElement('div');
  document.body.append(place);
  createRoot(place).render(<StrictMode><Page token=${TOKEN} /></StrictMode>);`;
const LAYOUT = path.resolve(import.meta.dirname, '../../../../tests/client/hook/layout.ts');

/** As webpack does, which believes a package that says that its stylesheets do nothing. esbuild by itself does not. */
const stylesAsScripts: Plugin = {
  name: 'styles as scripts',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => ({
      contents: `document.adoptedStyleSheets.push(${JSON.stringify(await readFile(path, 'utf8'))});`,
    })),
};

let packed: Awaited<ReturnType<typeof pack>>;
let server: SmallServer;
beforeAll(async () => {
  [packed, server] = await Promise.all([pack(), smallServer()]);
});
afterAll(() => Promise.all([packed.remove(), server.close()]));

/** Imports it, and says what it is and what it has left behind. */
const importing = (entry: string) => `
  const keys = Reflect.ownKeys(globalThis);
  const all = await import('${entry}');
  console.log(JSON.stringify({
    names: Object.keys(all).sort(),
    globals: Reflect.ownKeys(globalThis).filter((key) => !keys.includes(key)).map(String),
    handles: process.getActiveResourcesInfo().filter((kind) => /time|tcp|udp|tls|dns|addr/i.test(kind)),
  }));`;

async function imported(user: User, entry: string): Promise<unknown> {
  return JSON.parse((await user.node(importing(entry))).stdout);
}

describe('without React', () => {
  let user: User;
  beforeAll(async () => {
    user = await User.install(packed.tarball, {});
  });
  afterAll(() => user.remove());

  test('the core has the names of the README, and importing it does nothing else', async () => {
    const names = namesOf('@chatoxide/react/core').sort();
    expect(names).toContain('ChatClient');
    expect(await imported(user, '@chatoxide/react/core')).toEqual({ names, globals: [], handles: [] });
  });

  test('a program says hello, and ends', async () => {
    const given = `const [url, token] = [${JSON.stringify(server.url)}, ${TOKEN}];`;
    const { stdout, stderr } = await user.node(given + CORE);
    expect(stdout).toMatch(/content: 'welcome'[^]*content: 'hello'/);
    expect(stderr).toBe('');
  });
});

test('npm installs it with what its manifest names, and with nothing else', async () => {
  const registry = await registryOf('socket.io-client', 'react', 'react-dom');
  const user = await User.installByNpm(packed.tarball, registry.url);

  const packages = await user.packages();

  expect(packages.join(' ')).toMatch(/@chatoxide\/react@\S+ .*socket\.io-client@4\.8\.4/);
  // React is a peer, which npm installs; react-dom is an optional one, which it does not.
  expect(packages.filter((name) => name.startsWith('react')).map((name) => name.split('@')[0])).toEqual([
    'react',
  ]);
  const names = namesOf('@chatoxide/react/core').sort();
  expect(await imported(user, '@chatoxide/react/core')).toEqual({ names, globals: [], handles: [] });
  registry.close();
  await user.remove();
});

describe.each(Object.keys(REACTS))('with React %s', (major) => {
  let user: User;
  beforeAll(async () => {
    user = await User.install(packed.tarball, REACTS[major] ?? {});
    await user.write('hook.ts', `declare const roomId: string, token: string;\n${HOOK}`);
    await user.write('core.ts', `declare const url: string, token: string;\n${CORE}`);
    await user.write('component.tsx', COMPONENT);
    await user.write('rooms.tsx', ROOMS);
    await user.write('finding.tsx', FINDING);
    await user.write('page.tsx', PAGE);
    await user.write('styled.ts', "import '@chatoxide/react/styles.css';");
    await user.write('only_the_hook.ts', "export { useChat } from '@chatoxide/react';");
  });
  afterAll(() => user.remove());

  const bundled = (options: BuildOptions) =>
    build({
      absWorkingDir: user.folder,
      outdir: 'out',
      bundle: true,
      write: false,
      format: 'esm',
      jsx: 'automatic',
      logLevel: 'silent',
      ...options,
    });
  const scriptOf = async (options: BuildOptions) => {
    const { outputFiles = [] } = await bundled({ ...options, format: 'iife' });
    return outputFiles.find(({ path }) => path.endsWith('.js'))?.text ?? '';
  };

  test('it has the names of the README, and importing it does nothing else', async () => {
    const names = [...namesOf('@chatoxide/react'), ...namesOf('@chatoxide/react/core')].sort();
    expect(names).toContain('useChat');
    expect(await imported(user, '@chatoxide/react')).toEqual({ names, globals: [], handles: [] });
  });

  test.each(['NodeNext', 'Bundler'])("the README's examples compile as %s", async (moduleResolution) => {
    const module = moduleResolution === 'Bundler' ? 'ESNext' : moduleResolution;
    const compilerOptions = {
      ...{ module, moduleResolution, target: 'ES2022', jsx: 'react-jsx', types: [], noEmit: true },
      ...{ strict: true, skipLibCheck: false, noUncheckedSideEffectImports: true },
    };
    const files = ['hook.ts', 'core.ts', 'component.tsx', 'rooms.tsx', 'finding.tsx', 'page.tsx'];
    await user.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    await user.tsc();
  });

  test('a server renders it, without a window and without a connection', async () => {
    const { connections } = server;
    const before = connections();
    const { stdout, stderr } = await user.node(`
      import { createElement, version } from 'react';
      import { renderToString } from 'react-dom/server';
      import { ChatProvider, ChatRoom, useChat } from '@chatoxide/react';

      const [url, token] = [${JSON.stringify(server.url)}, ${TOKEN}];
      const Words = () => JSON.stringify(useChat('general').messages);
      const room = createElement(ChatRoom, { roomId: 'general', token, url });
      const provided = (token) =>
        createElement(ChatProvider, { url, token }, createElement(ChatRoom, { roomId: 'general' }), createElement(Words));
      console.log(typeof window, version);
      for (const page of [room, provided(token), provided(() => token)]) console.log(renderToString(page));`);
    const [about, ...pages] = stdout.trim().split('\n');
    expect(about).toMatch(new RegExp(`^undefined ${major}\\.`));
    expect(pages).toHaveLength(3);
    for (const page of pages) expect(page).toMatch(/^<section class="chat-room">.*<textarea/);
    expect(stderr).toBe('');
    expect(connections()).toBe(before);
  });

  test('a page that takes the hook alone is bundled without the component', async () => {
    const external = ['react', 'react-dom', 'socket.io-client'];
    const { outputFiles = [] } = await bundled({ entryPoints: ['only_the_hook.ts'], external });
    const code = outputFiles[0]?.text ?? '';
    const styles = await user.read('dist/styles.css');
    const classes = [...new Set(styles.match(/(?<=\.)chat-[\w-]+/g))];
    expect(classes.length).toBeGreaterThan(20);

    expect(code).toContain('useSyncExternalStore');
    // The last two are of the list that is built in.
    const traces = [...classes, 'No messages yet', 'react-dom', 'ResizeObserver'];
    expect(traces.filter((trace) => code.includes(trace))).toEqual([]);
  });

  test('the hook alone takes 10 KiB', async () => {
    const external = ['react', 'react-dom', 'socket.io-client'];
    const entryPoints = ['only_the_hook.ts'];
    const options = {
      entryPoints,
      external,
      minify: true,
      target: 'es2022',
      splitting: true,
      chunkNames: '[name]',
    };
    const { outputFiles = [] } = await bundled(options);
    // The code that sends long messages is loaded with the first of them.
    const [first, later, ...others] = outputFiles;
    expect(others).toEqual([]);
    expect(path.basename(first?.path ?? '')).toBe('only_the_hook.js');
    expect(path.basename(later?.path ?? '')).toBe('chunks.js');
    expect(gzipSync(first?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(10_240);
  });

  test('the styles stay where they are imported', async () => {
    const { outputFiles = [] } = await bundled({ entryPoints: ['styled.ts'], plugins: [stylesAsScripts] });
    expect(outputFiles[0]?.text).toContain('.chat-room');
  });

  test('a page in strict mode shows messages, and complains of nothing', async () => {
    const layout = await scriptOf({
      stdin: { contents: `import { layOut } from '${LAYOUT}'; layOut();`, resolveDir: user.folder },
    });
    const define = { 'process.env.NEXT_PUBLIC_CHAT_URL': JSON.stringify(server.url) };
    const page = await scriptOf({ entryPoints: ['page.tsx'], define });
    const complaints: unknown[] = [];
    const virtualConsole = new VirtualConsole();
    for (const kind of ['error', 'warn'] as const)
      virtualConsole.on(kind, (...said: unknown[]) => complaints.push(said));
    virtualConsole.on('jsdomError', (error) => complaints.push(error));
    const { window } = new JSDOM('', {
      url: server.url,
      runScripts: 'outside-only',
      pretendToBeVisual: true,
      virtualConsole,
    });
    window.eval(layout + page);

    const { body } = window.document;
    await vi.waitFor(() => expect(body.textContent).toContain('welcome'), 10_000);
    expect(body.querySelectorAll('article')).toHaveLength(1);
    expect(complaints).toEqual([]);
    window.close();
  });
});
