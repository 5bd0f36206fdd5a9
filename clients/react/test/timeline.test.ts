import { describe, expect, test } from 'vitest';
import type { Message } from '../src/index.js';
import * as timeline from '../src/core/timeline.js';

function message(id: string, second: number, changes: Partial<Message> = {}): Message {
  return {
    id,
    roomId: 'general',
    senderId: 'alice',
    content: id,
    type: 'text',
    metadata: {},
    replyTo: null,
    createdAt: `2026-01-31T09:05:${String(second).padStart(2, '0')}.000Z`,
    updatedAt: null,
    senderName: 'Alice',
    reactions: [],
    ...changes,
  };
}

const ids = (messages: timeline.Timeline) => messages.map(({ id }) => id);
const some = timeline.merge(timeline.EMPTY, [message('c', 3), message('b', 2), message('a', 1)]);
const thumb = { emoji: '👍', userId: 'bob' };

describe('a timeline', () => {
  test('is in order of time, then of id, whatever comes first, and holds each once', () => {
    const more = timeline.merge(some, [
      message('b2', 2),
      message('z', 0),
      message('b', 2, { content: 'new' }),
    ]);
    expect(ids(more)).toEqual(['z', 'a', 'b', 'b2', 'c']);
    expect(more[2]?.content).toBe('new');
  });

  test('keeps the key under which a message was drawn first', () => {
    const drawn = timeline.merge(some, [message('d', 4)], new Map([['d', 'mine']]));
    expect(timeline.update(drawn, message('d', 4, { content: 'x' })).at(-1)).toMatchObject({
      key: 'mine',
      content: 'x',
    });
    expect(timeline.merge(drawn, [message('d', 4)]).at(-1)?.key).toBe('mine');
  });

  test('is the same object when nothing has changed', () => {
    expect(timeline.merge(some, [])).toBe(some);
    expect(timeline.update(some, message('x', 9))).toBe(some);
    expect(timeline.remove(some, 'x')).toBe(some);
    expect(timeline.setReaction(some, 'a', thumb, false)).toBe(some);
    const once = timeline.setReaction(some, 'a', thumb, true);
    expect(timeline.setReaction(once, 'a', thumb, true)).toBe(once);
    expect(once).not.toBe(some);
    expect(once[1], 'the others are untouched').toBe(some[1]);
  });

  test('reactions come and go by user and emoji', () => {
    const one = timeline.setReaction(some, 'a', thumb, true);
    const two = timeline.setReaction(one, 'a', { ...thumb, userId: 'carol' }, true);
    expect(timeline.setReaction(two, 'a', thumb, false)[0]?.reactions).toEqual([
      { emoji: '👍', userId: 'carol' },
    ]);
  });

  test('takes an answer of a server that knows no reactions', () => {
    const bare: Partial<Message> = message('a', 1);
    delete bare.reactions;
    expect(timeline.merge(timeline.EMPTY, [bare as Message])[0]?.reactions).toEqual([]);
    const reacted = timeline.setReaction(some, 'a', thumb, true);
    expect(timeline.update(reacted, bare as Message)[0]?.reactions).toEqual([thumb]);
  });

  test('under a later history loses what that no longer has, and nothing older', () => {
    const laid = timeline.overlay(some, [message('d', 4), message('b', 2)]);
    expect(laid && ids(laid)).toEqual(['a', 'b', 'd']);
    expect(timeline.overlay(some, [message('x', 8), message('y', 9)]), 'a gap').toBeUndefined();
  });
});
