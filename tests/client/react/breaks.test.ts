// @vitest-environment jsdom
// The hook of @chatoxide/react over broken connections, killed servers and reloads: nothing lost, doubled or out of order.
import { act } from '@testing-library/react';
import { BrowserOutbox } from '@chatoxide/react';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { aWorld } from '../support/world';
import { pagesOf } from './pages';

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);

describe.each(BACKENDS)('the hook over breaks on %s', (backend) => {
  const world = aWorld(backend);
  const pages = pagesOf(world);
  const log = backend === 'sqlite' ? 'chatoxide_room_log' : 'chatoxide.room_log';

  async function meet(messages = 0) {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const room = await world.room({ members: [alice, bob] });
    if (messages > 0) await world.messages(room, alice, messages);
    return {
      alice,
      bob,
      room,
      hers: await pages.openReady(room, alice),
      his: await pages.openReady(room, bob),
    };
  }

  test('changes made meanwhile are caught up on, in pages loaded before, too', async () => {
    const { hers, his } = await meet(120);
    for (const page of [hers, his]) {
      while (page.chat.hasMore) await act(() => page.chat.loadMore());
      expect(page.contents).toEqual(numbered('message', 120));
    }
    await hers.drop();
    // They are Alice's, whose other page changes them.
    const other = await pages.openReady(hers.chat.roomId, { id: hers.chat.userId ?? '', name: 'Alice' });
    const [first, second, third] = his.chat.messages;
    await act(() => other.chat.editMessage(first.id, 'changed'));
    await act(() => other.chat.deleteMessage(second.id));
    await act(() => his.chat.addReaction(third.id, '👍'));
    for (const content of numbered('new', 130)) await act(() => his.chat.sendMessage(content));

    await hers.comeBack();

    const expected = ['changed', ...numbered('message', 120).slice(2), ...numbered('new', 130)];
    for (const page of [hers, his]) {
      await page.shows(...expected);
      page.neverDoubled();
      await page.sees(({ messages }) => expect(messages[1].reactions).toHaveLength(1));
    }
    expect(hers.discontinuities).toEqual([]);
    await act(() => his.chat.sendMessage('and on'));
    await hers.shows(...expected, 'and on');
  });

  test('where there is no way back the room is loaded anew, and that is told', async () => {
    const { hers, his, room } = await meet();
    await act(() => his.chat.sendMessage('before'));
    await hers.shows('before');
    await hers.drop();
    for (const content of numbered('new', 3)) await act(() => his.chat.sendMessage(content));
    // As when the log's time is over; a server that has just started remembers none of it.
    await world.server.stop();
    await world.database.execute(`DELETE FROM ${log} WHERE room_id = '${room}' AND seq <= 3`);
    await world.server.start();

    await hers.comeBack();

    await hers.shows('before', ...numbered('new', 3));
    expect(hers.discontinuities).toEqual([{ roomId: room, since: 1 }]);
    hers.neverDoubled();
    await his.ready();
    await act(() => his.chat.sendMessage('and on'));
    await hers.shows('before', ...numbered('new', 3), 'and on');
  });

  test('a server that is killed while messages are on their way has each once, in order', async () => {
    const { hers, his, room, alice } = await meet();
    const [mine, theirs] = [numbered('hers', 40), numbered('his', 40)];
    act(() => mine.forEach((content) => void hers.chat.sendMessage(content)));
    act(() => theirs.forEach((content) => void his.chat.sendMessage(content)));
    await hers.sees(({ messages }) => {
      expect(messages.filter(({ status }) => status === 'sent').length).toBeGreaterThan(10);
    });
    await world.server.stop('SIGKILL');
    await hers.sees((chat) => expect(chat.connectionStatus).toBe('reconnecting'));
    act(() => void hers.chat.sendMessage('offline'));
    await world.server.start();

    const all = [...mine, 'offline', ...theirs].sort();
    const later = await pages.openReady(room, alice);
    for (const page of [hers, his]) {
      await page.sees(({ messages }) => {
        expect(messages.map(({ content }) => content).sort()).toEqual(all);
        expect(messages.every(({ status }) => status === 'sent')).toBe(true);
      });
      page.neverDoubled();
    }
    while (later.chat.hasMore) await act(() => later.chat.loadMore());
    expect(hers.contents).toEqual(his.contents);
    await later.shows(...hers.contents);
    expect(hers.contents.filter((content) => !content.startsWith('his'))).toEqual([...mine, 'offline']);
    expect(hers.contents.filter((content) => content.startsWith('his'))).toEqual(theirs);
  });

  test('messages written without a connection are sent after a reload, once and in order', async () => {
    const { alice, bob, room } = await meet();
    const disk = new IDBFactory();
    const his = await pages.openReady(room, bob);
    const before = await pages.openReady(room, alice, { outbox: new BrowserOutbox('one', disk, undefined) });
    await before.drop();
    act(() => numbered('kept', 3).forEach((content) => void before.chat.sendMessage(content)));
    await before.shows(...numbered('kept', 3));
    before.close();

    const after = pages.open(room, alice, { outbox: new BrowserOutbox('two', disk, undefined) });

    await after.shows(...numbered('kept', 3));
    await after.sees(({ messages }) => expect(messages.every(({ status }) => status === 'sent')).toBe(true));
    await his.shows(...numbered('kept', 3));
    after.neverDoubled();
    after.close();
    const last = await pages.openReady(room, alice, { outbox: new BrowserOutbox('three', disk, undefined) });
    await act(() => last.chat.sendMessage('last'));
    await his.shows(...numbered('kept', 3), 'last');
  });

  test('a refused message is there after a reload, with the reason, and is sent when the user says so', async () => {
    const { alice, bob, room } = await meet();
    const disk = new IDBFactory();
    const his = await pages.openReady(room, bob);
    const before = await pages.openReady(room, alice, { outbox: new BrowserOutbox('one', disk, undefined) });
    const refused = 'refused for its nul \0';
    act(() => void before.chat.sendMessage(refused));
    const failed = { content: refused, status: 'failed', failure: { code: 'bad_input' } };
    await before.sees(({ messages }) => expect(messages).toMatchObject([failed]));
    before.close();

    const after = await pages.openReady(room, alice, { outbox: new BrowserOutbox('two', disk, undefined) });
    await after.sees(({ messages }) => expect(messages).toMatchObject([failed]));
    await act(() => after.chat.sendMessage('after it'));
    await his.shows('after it');
    const { id } = after.chat.messages[1];
    act(() => after.chat.retry(id));
    expect(after.chat.messages[1]).toMatchObject({ status: 'sending' });
    await after.sees(({ messages }) => expect(messages[1]).toMatchObject(failed));
    act(() => after.chat.discard(id));
    await after.shows('after it');
    after.close();

    const last = await pages.openReady(room, alice, { outbox: new BrowserOutbox('three', disk, undefined) });
    await last.shows('after it');
  });
});
