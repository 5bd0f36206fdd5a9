// The style sheets where a browser is too old for what they use.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const at = (file: string) => path.resolve(import.meta.dirname, '../..', file);

test.each(['src/component/styles/base.css', '../web/src/base.css'])(
  '%s has a plain colour for each that is light or dark',
  (file) => {
    const [before = '', after = ''] = readFileSync(at(file), 'utf8').split('@supports (color: light-dark(');
    const adapted = [...after.matchAll(/(--[\w-]+): light-dark\((#\w+),/g)];
    expect(adapted.length).toBeGreaterThan(9);
    for (const [, name, light] of adapted) expect(before).toContain(`  ${name}: ${light};`);
    expect(before).not.toContain(': light-dark(');
  },
);
