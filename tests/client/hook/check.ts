// The checks of a hook file, all unless told otherwise, on every database.
import { afterAll, beforeAll, describe } from 'vitest';
import { BACKENDS } from '../support/databases';
import { aWorld } from '../support/world';
import { checkComponent } from './component_checks';
import { checkHook } from './hook_checks';
import type { Given } from './pages';
import { type HookFile, loadSubject } from './subject';
import { stageOf } from './world_stage';

type Made = HookFile & { remove?: () => Promise<void> };

export function checkOnAll(
  title: string,
  make: () => Promise<Made>,
  checks = [checkHook, checkComponent],
): void {
  describe.each(BACKENDS)(`${title} on %s`, (backend) => {
    const world = aWorld(backend);
    let made: Made;
    let given: Given;
    beforeAll(async () => {
      made = await make();
      const stage = await stageOf(world);
      given = { stage, subject: await loadSubject(made, stage.url) };
    });
    afterAll(async () => {
      await given.stage.close();
      await given.subject.remove();
      await made.remove?.();
    });
    checks.forEach((check) => check(() => given));
  });
}
