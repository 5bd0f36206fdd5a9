// Jitter: clients that are cut off for two seconds, again and again, while their rooms go on. Each comes back by itself
// and sees, after every return and in the end, the whole conversation as it was acked, in its order, and nothing twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { End } from '../support/cutting_proxy';
import { BACKENDS } from '../support/databases';
import { Swarm } from '../support/swarm';
import { aWorld } from '../support/world';

/** The cuts that each of the thousand clients goes through, in order. */
const CUTS: End[] = ['both at once', 'the server later', 'both at once', 'the server later'];
/** The delay between the first cut of one group and the first cut of the next, in milliseconds. */
const STAGGER = 400;
const PAGE = 50;
// After a reconnect the history reaches back to PING_INTERVAL plus PING_TIMEOUT before the disconnect. The default sum
// is 45 seconds. On a slow machine the test may last longer than that, so the timeout is raised; and so is the database's,
// which is for outages: a message that it refuses would end an author.
const SETTINGS = { PING_TIMEOUT: '240000', DATABASE_TIMEOUT: '30000' };

describe.each(BACKENDS)('jitter on %s', (backend) => {
  const world = aWorld(backend, SETTINGS);
  let swarm: Swarm;

  beforeEach(() => void (swarm = new Swarm(world)));
  afterEach(() => swarm.disperse());

  const differences = () => swarm.onlookers.flatMap((onlooker) => onlooker.differences());
  /** How many new messages each history contained after a reconnect. */
  const unseen = () =>
    swarm.onlookers.flatMap(({ pictures }) => pictures.slice(1).map((picture) => picture.unseen));

  test('a thousand clients, each cut off four times, miss nothing', { timeout: 240_000 }, async () => {
    await swarm.gather({ rooms: 20, members: 50, groups: 4 });
    swarm.authors.forEach((author) => author.start(100));

    await Promise.all(
      swarm.groups.map(async ({ proxy, onlookers }, group) => {
        for (const [cut, end] of CUTS.entries()) {
          await proxy.cut(end, cut === 0 ? group * STAGGER : 0);
          await Promise.all(onlookers.map((onlooker) => onlooker.shown(cut + 2)));
        }
      }),
    );
    await swarm.settle();

    expect(unseen()).toHaveLength(1000 * CUTS.length);
    expect(Math.min(...unseen())).toBeGreaterThan(0);
    expect(Math.min(...swarm.authors.map((author) => author.conversation.length))).toBeGreaterThan(PAGE);
    expect(differences()).toEqual([]);
  });

  test('far more than a page missed in one cut is shown on coming back', { timeout: 240_000 }, async () => {
    await swarm.gather({ rooms: 1, members: 30, groups: 1 });
    const [{ proxy, onlookers }] = swarm.groups;
    swarm.authors.forEach((author) => author.start(5, 640));

    await proxy.cut('the server later', 500);
    await Promise.all(onlookers.map((onlooker) => onlooker.shown(2)));
    await swarm.settle();

    expect(unseen()).toHaveLength(30);
    expect(Math.min(...unseen())).toBeGreaterThan(2 * PAGE);
    expect(differences()).toEqual([]);
  });
});
