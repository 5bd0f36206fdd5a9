// That changing the import is the whole upgrade: the names of the original's hook, as its users call them.
import type { Socket } from 'socket.io-client';
import { describe, expectTypeOf, test } from 'vitest';
import { useChat, type Chat, type ClientToServerEvents, type ServerToClientEvents } from '../src/index.js';

describe('types', () => {
  test('of the hook are those that the original is called with', () => {
    expectTypeOf(useChat).toBeCallableWith('general', 'token');
    expectTypeOf(useChat).toBeCallableWith('general', () => Promise.resolve('token'));
    expectTypeOf(useChat).returns.toEqualTypeOf<Chat>();
    expectTypeOf<Chat['connected']>().toEqualTypeOf<boolean>();
    expectTypeOf<Chat['messages'][number]>().toMatchTypeOf<{
      id: string;
      roomId: string;
      senderId: string;
      senderName: string;
      content: string;
      type: 'text' | 'image' | 'file' | 'system';
      reactions?: { emoji: string; userId: string }[];
    }>();
    expectTypeOf<Chat['typingUsers'][number]>().toMatchTypeOf<{ userId: string; userName: string }>();
    expectTypeOf<Chat['members'][number]>().toMatchTypeOf<{ id: string; name: string }>();
    expectTypeOf<Chat['sendMessage']>().toBeCallableWith('hello');
    expectTypeOf<Chat['sendMessage']>().toBeCallableWith('hello', { type: 'image', replyTo: 'id' });
    // A type of the server's setting MESSAGE_TYPES.
    expectTypeOf<Chat['sendMessage']>().toBeCallableWith('a or b?', { type: 'poll' });
    expectTypeOf<Awaited<ReturnType<Chat['sendMessage']>>>().toMatchTypeOf<{ id: string; content: string }>();
    expectTypeOf<Chat['editMessage']>().toBeCallableWith('id', 'content');
    expectTypeOf<Chat['deleteMessage']>().toBeCallableWith('id');
    expectTypeOf<Chat['addReaction']>().toBeCallableWith('id', '👍');
    expectTypeOf<Chat['removeReaction']>().toBeCallableWith('id', '👍');
    expectTypeOf<Chat['startTyping']>().toBeCallableWith();
    expectTypeOf<Chat['stopTyping']>().toBeCallableWith();
    expectTypeOf<Chat['loadMore']>().toBeCallableWith();
    expectTypeOf<Chat['markAsRead']>().toBeCallableWith();
  });

  test('of the events are those that the client library takes', () => {
    type Typed = Socket<ServerToClientEvents, ClientToServerEvents>;
    const use = (socket: Typed) => {
      socket.on('message:new', (message) => expectTypeOf(message.content).toBeString());
      socket.emit('rooms:list', {}, (answer) => {
        if (answer.success) expectTypeOf(answer.rooms[0]?.unreadCount).toEqualTypeOf<number | undefined>();
        else expectTypeOf(answer.error).toBeString();
      });
      // @ts-expect-error There is no such event.
      socket.emit('room:jion', 'general');
    };
    expectTypeOf(use).toBeFunction();
  });
});
