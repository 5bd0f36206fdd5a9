// The linter's settings for the clients.
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default defineConfig([
  globalIgnores(['**/dist/**', 'python/**', 'web/public/**']),
  js.configs.recommended,
  {
    files: ['web/worker.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['__FILES__', 'URL', 'addEventListener', 'caches', 'fetch', 'location', 'skipWaiting'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [ts.configs.recommendedTypeChecked, hooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      'max-lines': ['error', 400],
    },
  },
]);
