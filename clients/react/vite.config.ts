// How the package is built: our modules, and in them the list's code, so that socket.io-client stays the one dependency.
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vite';

/** The terms of what is built in. */
const licenses: Plugin = {
  name: 'licenses',
  closeBundle() {
    const virtua = path.dirname(createRequire(import.meta.url).resolve('virtua/package.json'));
    cpSync(path.join(virtua, 'LICENSE'), path.resolve(import.meta.dirname, 'dist/virtua.LICENSE'));
    cpSync(
      path.resolve(import.meta.dirname, 'src/component/styles.css'),
      path.resolve(import.meta.dirname, 'dist/styles.css'),
    );
  },
};

export default defineConfig({
  plugins: [licenses],
  build: {
    target: 'es2022',
    sourcemap: true,
    minify: false,
    lib: { entry: { index: 'src/index.ts', core: 'src/core.ts' }, formats: ['es'] },
    rollupOptions: {
      onwarn(warning, warn) {
        // Hints to the minifier in packages that it does not take.
        if (warning.code !== 'INVALID_ANNOTATION') warn(warning);
      },
      external: [/^react($|\/)/, /^react-dom($|\/)/, 'socket.io-client'],
    },
  },
});
