// The page of a server whose Socket.IO is at another path and in another namespace.
import { describe, test } from 'vitest';
import { SECRET, tokenOf } from '../support/tokens';
import { Tab } from './pages';
import { aParty, LONG } from './party';

describe('the page of a server at another place', () => {
  const settings = { JWT_SECRET: SECRET, SOCKET_PATH: '/api/socketio', NAMESPACE: '/chat' };
  const party = aParty('sqlite', settings);

  test('learns it from the server, also for a token without sub', { timeout: LONG }, async () => {
    const room = await party.room('Elsewhere');
    const page = await (await party.person('Alice')).visit(`/#/r/${room}`);
    await page.getByLabel('Token').fill(tokenOf({ id: 'x' }, { sub: undefined, id: 'alice', name: 'Alice' }));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'Elsewhere' }).click();
    const alice = new Tab('Alice', page);
    await alice.isReady();
    await alice.send('here I am');
    await alice.hasSent('here I am');
  });
});
