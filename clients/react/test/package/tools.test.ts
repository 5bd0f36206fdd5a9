// The package with the tools that people have: each way in which TypeScript finds types, CommonJS, Jest, Vitest, and what
// React Native does, which has no react-dom. Nothing is set up for them.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { User, pack } from './installed.js';
import { COMPONENT, HOOK, JEST, namesOf } from './readme.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EXAMPLE = path.resolve(import.meta.dirname, '../../../../examples/vite/src');
const REACT = ['react', 'react-dom', '@types/react', '@types/react-dom'];
const TESTING = ['@testing-library/react', '@testing-library/dom'];
const ENTRIES = ['@chatoxide/react', '@chatoxide/react/core', '@chatoxide/react/testing'];

let packed: Awaited<ReturnType<typeof pack>>;
beforeAll(async () => {
  packed = await pack();
});
afterAll(() => packed.remove());

/** A user for the tests of a `describe`. */
function withPackages(...names: string[]): () => User {
  let user: User;
  beforeAll(async () => {
    user = await User.installLinked(packed.tarball, names);
  });
  afterAll(() => user.remove());
  return () => user;
}

describe('TypeScript', () => {
  const user = withPackages(...REACT);
  const modes = [
    ['node', 'commonjs', 'commonjs'],
    ['node16', 'node16', 'module'],
    ['node16', 'node16', 'commonjs'],
    ['bundler', 'esnext', 'module'],
  ];

  test.each(modes)(
    'finds the types under moduleResolution %s, in %s, %s',
    async (moduleResolution, module, type) => {
      await user().write('package.json', JSON.stringify({ type }));
      const compilerOptions = {
        ...{
          moduleResolution,
          module,
          target: 'ES2022',
          lib: ['ES2022', 'DOM'],
          jsx: 'react-jsx',
          types: [],
        },
        ...{ strict: true, noEmit: true, esModuleInterop: true, skipLibCheck: true },
      };
      await user().write('hook.ts', `declare const roomId: string, token: string;\n${HOOK}`);
      await user().write('component.tsx', COMPONENT);
      // These must be the types themselves: a wrong use is an error, and nothing is `any`.
      await user().write(
        'uses.ts',
        `import { useChat } from '@chatoxide/react';
       import { ChatClient } from '@chatoxide/react/core';
       import { startChatServer } from '@chatoxide/react/testing';
       export const client = new ChatClient({ url: '', token: startChatServer().token('alice') });
       // @ts-expect-error -- A room's id is a text.
       useChat(1);
       // @ts-expect-error -- It needs a server.
       new ChatClient({});
       // @ts-expect-error -- There is no such option.
       startChatServer({ nothing: true });`,
      );
      const files = ['hook.ts', 'component.tsx', 'uses.ts'];
      await user().write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
      await user().tool('tsc', []);
    },
  );
});

test('it is built for production, whatever NODE_ENV is', async () => {
  expect(process.env.NODE_ENV).toBe('test');
  const user = await User.installLinked(packed.tarball, []);
  for (const format of ['esm', 'cjs']) {
    const index = await user.read(`dist/${format}/index.js`);
    const chunks = [...index.matchAll(/["']\.\/([\w-]+\.js)["']/g)].map(([, name]) => name);
    const built = await Promise.all(chunks.map((name) => user.read(`dist/${format}/${name}`)));
    expect(built.join('')).toContain('jsx');
    expect(built.join('')).not.toContain('jsxDEV');
  }
  await user.remove();
});

describe('CommonJS', () => {
  const user = withPackages(...REACT);

  test('requires every entry point, which has the names of the ES module', async () => {
    const namesIn = async (load: string) => JSON.parse((await user().node(load)).stdout) as string[];
    for (const entry of ENTRIES) {
      const names = (all: string) => `console.log(JSON.stringify(Object.keys(${all}).sort()));`;
      const required = await namesIn(
        `import { createRequire } from 'node:module';
         ${names(`createRequire(process.cwd() + '/x.js')('${entry}')`)}`,
      );
      expect(required).toEqual(await namesIn(names(`await import('${entry}')`)));
      expect(required).toEqual(expect.arrayContaining(namesOf(entry)));
    }
  });
});

describe('a test of a page', () => {
  const user = withPackages(...REACT, ...TESTING, 'vitest', 'jsdom', 'jest-environment-jsdom');
  const source = (file: string) => readFile(path.join(EXAMPLE, file), 'utf8');

  test('passes in Vitest as it is in the README', async () => {
    await user().write('tsconfig.json', '{ "compilerOptions": { "jsx": "react-jsx" } }');
    for (const file of ['Page.tsx', 'Page.test.tsx']) await user().write(file, await source(file));
    const { stdout } = await user().tool('vitest', ['run', '--no-color']);
    expect(stdout).toMatch(/Tests +1 passed/);
  });

  test('passes in Jest 29 with the configuration of the README, once it is compiled to CommonJS', async () => {
    const compilerOptions = {
      jsx: ts.JsxEmit.ReactJSX,
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
    };
    await user().write('package.json', '{}');
    await user().write('jest.config.json', JEST.config);
    await user().write(JEST.stylesheet, '');
    for (const file of ['Page.tsx', 'Page.test.tsx']) {
      // Jest has these names by itself.
      const own = (await source(file)).replace(/^import .*'vitest'.*/gm, '');
      const { outputText } = ts.transpileModule(own.replace('// @vitest-environment jsdom', ''), {
        compilerOptions,
      });
      await user().write(file.replace('.tsx', '.js'), outputText);
    }
    const { stderr } = await user().tool('jest', ['Page.test.js']);
    expect(stderr).toMatch(/Tests: +1 passed/);
    expect(stderr).not.toMatch(/console\.(error|warn)/);
  });
});

describe('React Native', () => {
  const user = withPackages('react', 'react-test-renderer');
  // It has no DOM, no `crypto` and no `TextDecoder`, and `window` is the global object.
  const likeNative = `
    for (const name of ['crypto', 'TextDecoder', 'TextEncoder', 'structuredClone'])
      Object.defineProperty(globalThis, name, { value: undefined });
    globalThis.window = globalThis;`;
  const program = (load: (name: string) => string) => `
    ${likeNative}
    globalThis.IS_REACT_ACT_ENVIRONMENT = true;
    const { createElement } = ${load('react')};
    const { act, create } = ${load('react-test-renderer')};
    const { ChatProvider, ChatRoom, useChat } = ${load('@chatoxide/react')};
    const { startChatServer } = ${load('@chatoxide/react/testing')};
    const server = startChatServer({
      users: [{ id: 'alice', name: 'Zoë' }],
      rooms: [{ id: 'general', messages: [{ from: 'bob', content: 'welcome' }] }],
    });
    let chat;
    const Screen = () => ((chat = useChat('general')), null);
    await act(async () => {
      create(createElement(ChatProvider, { token: server.token('alice') }, createElement(Screen)));
    });
    await act(() => chat.sendMessage('hello'));
    console.log(typeof ChatRoom, chat.userId, ...chat.messages.map(({ content, senderName }) => senderName + ':' + content));
    process.exit();`;

  test.each([
    ['import', (name: string) => `await import('${name}')`],
    [
      'require',
      (name: string) => `(await import('node:module')).createRequire(process.cwd() + '/x.js')('${name}')`,
    ],
  ])('runs the hook without react-dom, by %s', async (_, load) => {
    const { stdout } = await user().node(program(load), '-C', 'react-native');
    expect(stdout.trim()).toBe('undefined alice bob:welcome Zoë:hello');
  });

  test('finds types without those of react-dom', async () => {
    const typed = await User.installLinked(packed.tarball, ['react', '@types/react']);
    const compilerOptions = {
      ...{ moduleResolution: 'bundler', module: 'esnext', customConditions: ['react-native'] },
      ...{ target: 'ES2022', lib: ['ES2022'], types: [], strict: true, noEmit: true, skipLibCheck: true },
    };
    await typed.write('screen.ts', "export { useChat } from '@chatoxide/react';\n");
    await typed.write('wrong.ts', "export { ChatRoom } from '@chatoxide/react';\n");
    const compile = async (file: string) => {
      await typed.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
      await typed.tool('tsc', []);
    };
    await compile('screen.ts');
    await expect(compile('wrong.ts')).rejects.toThrow("has no exported member 'ChatRoom'");
    await typed.remove();
  });
});
