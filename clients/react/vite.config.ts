// How the package is built: our modules, and in them the code of the list and of the parser of texts, so that socket.io-client
// stays the one dependency.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { defineConfig, type Plugin, type Rollup } from 'vite';

const BUILT_IN = ['virtua', '@lezer/common', '@lezer/highlight', '@lezer/markdown'];

/** The component's styles, and the terms of what is built in. */
const notCode: Plugin = {
  name: 'what is not code',
  writeBundle({ dir = 'dist' }) {
    for (const name of BUILT_IN) {
      const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
      const terms = folders.map((folder) => path.join(folder, name, 'LICENSE')).find(existsSync);
      if (!terms) throw new Error(`${name} has no LICENSE`);
      cpSync(terms, path.join(dir, `${name.replace(/^@/, '').replace('/', '-')}.LICENSE`));
    }
    writeFileSync(path.join(dir, 'styles.css'), styles());
    // Without it the compiler refuses the import, unless something else says what a stylesheet is.
    writeFileSync(path.join(dir, 'styles.css.d.ts'), 'export {};\n');
    // The package's own type is that of ES modules.
    mkdirSync(path.join(dir, 'cjs'), { recursive: true });
    writeFileSync(path.join(dir, 'cjs/package.json'), '{ "type": "commonjs" }\n');
  },
};

/** All of the component's styles as one file, whoever imports it. */
function styles(): string {
  const folder = path.resolve(import.meta.dirname, 'src/component/styles');
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
  const imports = [...read('index.css').matchAll(/^@import '(.+)';$/gm)];
  return imports.map(([, file = '']) => read(file)).join('\n');
}

// Four for people. The others are files of their own so that a bundler leaves the component out of a page with the hook alone.
const ENTRIES = {
  index: 'src/index.ts',
  native: 'src/native.ts',
  core: 'src/core/index.ts',
  testing: 'src/testing/index.ts',
  'react/useChat': 'src/react/useChat.ts',
  'component/index': 'src/component/index.ts',
};
/** A server may run these; the others render on the client. */
const RUNS_ON_SERVERS = ['core', 'testing'];

/** ES modules for bundlers and Node, CommonJS for Jest and older tools. */
const output = (format: 'es' | 'cjs', folder: string): Rollup.OutputOptions => ({
  format,
  exports: 'named',
  entryFileNames: `${folder}/[name].js`,
  chunkFileNames: `${folder}/[name].js`,
  banner: ({ isEntry, name }) => (isEntry && !RUNS_ON_SERVERS.includes(name) ? "'use client';" : ''),
});

export default defineConfig({
  plugins: [notCode],
  // Also where NODE_ENV is not `production`: React's `jsxDEV` is not there in everybody's production build.
  esbuild: { jsxDev: false },
  build: {
    target: 'es2022',
    sourcemap: true,
    minify: false,
    lib: { entry: ENTRIES },
    rollupOptions: {
      onwarn(warning, warn) {
        // Hints to the minifier in packages that it does not take, and directives, which our own entries have.
        const isHint = /^(INVALID_ANNOTATION|MODULE_LEVEL_DIRECTIVE)$/.test(warning.code ?? '');
        if (!isHint) warn(warning);
      },
      external: [/^react($|\/)/, /^react-dom($|\/)/, 'socket.io-client'],
      output: [output('es', 'esm'), output('cjs', 'cjs')],
    },
  },
});
