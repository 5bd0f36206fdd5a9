// How the package is built: our modules, and in them the code of the list and of the parser of texts, so that socket.io-client
// stays the one dependency.
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

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
    cpSync(path.resolve(import.meta.dirname, 'src/component/styles.css'), path.join(dir, 'styles.css'));
    // Without it the compiler refuses the import, unless something else says what a stylesheet is.
    writeFileSync(path.join(dir, 'styles.css.d.ts'), 'export {};\n');
  },
};

// Two for people. The others are files of their own so that a bundler leaves the component out of a page with the hook alone.
const ENTRIES = {
  index: 'src/index.ts',
  core: 'src/core/index.ts',
  'react/useChat': 'src/react/useChat.ts',
  'component/index': 'src/component/index.ts',
};

export default defineConfig({
  plugins: [notCode],
  build: {
    target: 'es2022',
    sourcemap: true,
    minify: false,
    lib: { entry: ENTRIES, formats: ['es'] },
    rollupOptions: {
      onwarn(warning, warn) {
        // Hints to the minifier in packages that it does not take.
        if (warning.code !== 'INVALID_ANNOTATION') warn(warning);
      },
      external: [/^react($|\/)/, /^react-dom($|\/)/, 'socket.io-client'],
    },
  },
});
