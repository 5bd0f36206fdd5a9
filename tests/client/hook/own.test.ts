// @vitest-environment jsdom
// The hook and the component of @chatoxide/react, with React 19 and with React 18.
import path from 'node:path';
import { checkOnAll } from './check';

const file = path.resolve(import.meta.dirname, '../../../clients/react/src/index.ts');
const packages = { 19: '../../../clients/node_modules/react', 18: '../node_modules/react' };

for (const [major, folder] of Object.entries(packages)) {
  const react = path.resolve(import.meta.dirname, folder);
  checkOnAll(`our hook with React ${major}`, () => Promise.resolve({ file, react }));
}
