// @vitest-environment jsdom
// The checks that `npm run test:hook` runs, on the file and the server that it was given.
import { afterAll, describe, inject } from 'vitest';
import { checkComponent } from './component_checks';
import { checkHook } from './hook_checks';
import type { Given } from './pages';
import { type Running, stageOn } from './running_stage';
import { type HookFile, loadSubject } from './subject';

declare module 'vitest' {
  export interface ProvidedContext {
    hook: HookFile;
    server: Running;
    patience: number;
  }
}

const stage = await stageOn(inject('server'));
const subject = await loadSubject(inject('hook'), stage.url);
console.log(`with React ${subject.reactVersion}`);
const given: Given = { subject, stage, patience: inject('patience') };

afterAll(async () => {
  await stage.close();
  await subject.remove();
});

describe('hook', () => checkHook(() => given));
if (subject.ChatRoom) describe('component', () => checkComponent(() => given));
