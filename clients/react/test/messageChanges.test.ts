// Edits and deletions of one's own: shown before the server answers, and taken back when it refuses.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChatClient, MemoryOutbox } from '../src/core/index.js';
import { answers, message, reset, sockets, tokenOf } from './fakeServer.js';

vi.mock('socket.io-client', async () => ({ io: (await import('./fakeServer.js')).io }));

let client: ChatClient;
beforeEach(async () => {
  reset();
  client = new ChatClient({ url: 'http://server', token: tokenOf('alice'), outbox: new MemoryOutbox() });
  client.enter('general');
  await vi.waitFor(() => expect(client.get().status).toBe('connected'));
  const messages = [message('second', 'second', 'alice'), message('first', 'first', 'alice')];
  sockets[0]?.hears('room:history', { roomId: 'general', messages, seq: 2 });
});
afterEach(() => client.close());

const room = () => client.room('general');
const shown = () =>
  room()
    .get()
    .messages.map(({ content }) => content);
const refused = { success: false, code: 'bad_input', error: 'content is too long' };

/** Answers each question of this event when it is told to, the first first. */
function answersLater(event: string): ((answer: unknown) => void)[] {
  const give: ((answer: unknown) => void)[] = [];
  answers.set(event, () => new Promise((resolve) => give.push(resolve)));
  return give;
}

const updated = (content: string, seq: number) => ({
  ...message('first', content, 'alice', seq),
  updatedAt: '2026-01-31T09:06:00.000Z',
});

describe('an edit', () => {
  test('is shown as edited before the answer, and stays', async () => {
    const give = answersLater('message:edit');
    const edited = room().editMessage('first', 'changed');
    expect(shown()).toEqual(['changed', 'second']);
    expect(room().get().messages[0]?.updatedAt).toBeTruthy();

    sockets[0]?.hears('message:updated', updated('changed', 3));
    give[0]?.({ success: true, message: updated('changed', 3) });
    expect(await edited).toMatchObject({ id: 'first', content: 'changed' });
    expect(shown()).toEqual(['changed', 'second']);
  });

  test('that is refused is taken back, and says why', async () => {
    const give = answersLater('message:edit');
    const edited = room().editMessage('first', 'too long');
    give[0]?.(refused);
    await expect(edited).rejects.toThrow('content is too long');
    expect(shown()).toEqual(['first', 'second']);
    expect(room().get().messages[0]?.updatedAt).toBeNull();
  });

  test('outlasts an earlier one that is refused, and what others do meanwhile', async () => {
    const give = answersLater('message:edit');
    const earlier = room().editMessage('first', 'one');
    const later = room().editMessage('first', 'two');
    expect(shown()).toEqual(['two', 'second']);
    give[0]?.(refused);
    await expect(earlier).rejects.toThrow();
    const thumb = { messageId: 'first', roomId: 'general', userId: 'bob', emoji: '👍', seq: 3 };
    sockets[0]?.hears('reaction:added', thumb);
    expect(room().get().messages[0]).toMatchObject({ content: 'two', reactions: [{ emoji: '👍' }] });
    sockets[0]?.hears('message:updated', updated('two', 4));
    give[1]?.({ success: true, message: updated('two', 4) });
    await later;
    expect(shown()).toEqual(['two', 'second']);
  });

  test('without a connection is refused at once and not shown', async () => {
    sockets[0]?.disconnect();
    await expect(room().editMessage('first', 'changed')).rejects.toThrow('No connection');
    expect(shown()).toEqual(['first', 'second']);
  });
});

describe('a deletion', () => {
  test('is shown before the answer, and stays when its event is late', async () => {
    const give = answersLater('message:delete');
    const deleted = room().deleteMessage('first');
    expect(shown()).toEqual(['second']);
    give[0]?.({ success: true });
    await deleted;
    expect(shown()).toEqual(['second']);
  });

  test('that is refused puts the message back in its place, and says why', async () => {
    const give = answersLater('message:delete');
    const deleted = room().deleteMessage('first');
    give[0]?.({ success: false, code: 'delete_refused', error: 'Failed to delete' });
    await expect(deleted).rejects.toThrow('Failed to delete');
    expect(shown()).toEqual(['first', 'second']);
  });

  test('whose answer is lost with the connection is shown no longer than that', async () => {
    answersLater('message:delete');
    const deleted = room().deleteMessage('first');
    sockets[0]?.breaks();
    await expect(deleted).rejects.toThrow();
    expect(shown()).toEqual(['first', 'second']);
  });
});
