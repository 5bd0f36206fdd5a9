// Jitter: clients that are cut off for two seconds, again and again, while their rooms go on. Each comes back by itself
// and sees, after every return and in the end, the whole conversation as it was acked, in its order, and nothing twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { End } from '../support/cutting_proxy';
import { BACKENDS } from '../support/databases';
import { Crowd } from '../support/swarm';
import { aWorld } from '../support/world';

/** What each of the thousand goes through. */
const CUTS: End[] = ['both at once', 'the server later', 'both at once', 'the server later'];
/** Between the first cut of one group and that of the next, in milliseconds. */
const STAGGER = 600;

describe.each(BACKENDS)('jitter on %s', (backend) => {
  const world = aWorld(backend);
  let crowd: Crowd;

  beforeEach(() => void (crowd = new Crowd(world)));
  afterEach(() => crowd.disperse());

  const differences = () => crowd.onlookers.flatMap((onlooker) => onlooker.differences());
  /** How many new messages the histories held that were shown on coming back. */
  const unseen = () =>
    crowd.onlookers.flatMap(({ pictures }) => pictures.slice(1).map((picture) => picture.unseen));

  test(
    'a thousand clients, each cut off four times, see all of their rooms',
    { timeout: 60_000 },
    async () => {
      await crowd.gather({ rooms: 20, members: 50, groups: 4 });
      crowd.authors.forEach((author) => author.start(200));

      await Promise.all(
        crowd.groups.map(async ({ proxy, onlookers }, group) => {
          for (const [cut, end] of CUTS.entries()) {
            await proxy.cut(end, cut === 0 ? group * STAGGER : 0);
            await Promise.all(onlookers.map((onlooker) => onlooker.shown(cut + 2)));
          }
        }),
      );
      await crowd.settle();

      expect(unseen()).toHaveLength(1000 * CUTS.length);
      expect(Math.min(...unseen())).toBeGreaterThan(0);
      expect(differences()).toEqual([]);
    },
  );

  test('who misses far more than a page in one cut sees it all the same', { timeout: 60_000 }, async () => {
    await crowd.gather({ rooms: 1, members: 30, groups: 1 });
    const [{ proxy, onlookers }] = crowd.groups;
    crowd.authors.forEach((author) => author.start(5, 640));

    await proxy.cut('the server later', 500);
    await Promise.all(onlookers.map((onlooker) => onlooker.shown(2)));
    await crowd.settle();

    expect(Math.min(...unseen())).toBeGreaterThan(100);
    expect(differences()).toEqual([]);
  });
});
