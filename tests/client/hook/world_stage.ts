// The stage on a server and a database of the test's own.
import { seedMessages } from '../support/seed';
import type { World } from '../support/world';
import { Stage } from './stage';

export function stageOf(world: World): Promise<Stage> {
  return Stage.open({
    url: world.server.url,
    guest: (name) => {
      const user = { id: world.unique(name.toLowerCase()), name };
      return Promise.resolve({ ...user, token: world.tokenOf(user) });
    },
    roomName: 'Hook checks',
    server: world.server,
    seedRoom: async (members, texts) => {
      const room = await world.room({ type: 'private', members });
      const from = Date.now() - 60_000;
      const messages = texts.map((content, index) => ({
        // Those of one moment are in the order of their ids, as are the server's own.
        id: `${room}-${String(index).padStart(6, '0')}`,
        senderId: members[0].id,
        content,
        at: from + momentOf(index),
      }));
      await seedMessages(world.database, room, messages);
      return room;
    },
  });
}

/** 40 of moments of their own, 110 of one, which are more than a page holds, and then eight of each. */
function momentOf(index: number): number {
  if (index < 40) return index;
  return index < 150 ? 40 : 41 + Math.floor((index - 150) / 8);
}
