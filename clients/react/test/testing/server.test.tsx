// An app's tests with the server in memory: the hook and the component as they are, breaks, refusals and other users.
// @vitest-environment jsdom
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ChatClient, ChatError, ChatRoom, MemoryOutbox, useChat } from '../../src/index.js';
import { layOut, startChatServer, type ChatServer } from '../../src/testing/index.js';

const URL = 'https://chat.example.org';

let server: ChatServer;
beforeAll(layOut);
beforeEach(() => {
  server = startChatServer({
    users: [{ id: 'alice', name: 'Alice' }],
    rooms: [{ id: 'general', members: ['alice', 'bob'], messages: [{ from: 'bob', content: 'welcome' }] }],
  });
});
afterEach(() => {
  cleanup();
  server.close();
});

function openHook(userId = 'alice') {
  const { result } = renderHook(() => useChat('general', server.token(userId), { url: URL }));
  const contents = () => result.current.messages.map(({ content, status }) => [content, status]);
  return { chat: () => result.current, contents };
}

describe('an app', () => {
  test('shows what another user says, and says something itself', async () => {
    render(<ChatRoom roomId="general" token={server.token('alice')} url={URL} />);
    await screen.findByText('welcome');
    const bob = await server.connect('bob');
    await act(() => bob.send('general', 'Hello, Alice'));
    expect(screen.getByText('Hello, Alice')).toBeTruthy();
  });

  test('gets no client of an earlier server', async () => {
    const before = openHook();
    await waitFor(() => expect(before.chat().isReady).toBe(true));
    cleanup();
    server.close();
    server = startChatServer({ rooms: [{ id: 'general', messages: [{ from: 'bob', content: 'anew' }] }] });
    const after = openHook();
    await waitFor(() => expect(after.contents()).toEqual([['anew', 'sent']]));
  });

  test('keeps what was written while the server is offline, and sends it once', async () => {
    const { chat, contents } = openHook();
    await waitFor(() => expect(chat().isReady).toBe(true));
    act(() => server.goOffline());
    expect(chat().connectionStatus).toBe('reconnecting');
    act(() => void chat().sendMessage('written offline'));
    await waitFor(() => expect(contents().at(-1)).toEqual(['written offline', 'sending']));
    act(() => server.goOnline());
    await waitFor(() => expect(contents().at(-1)).toEqual(['written offline', 'sent']));
    expect(contents()).toHaveLength(2);
  });

  test('catches up on what it missed, deletions among it', async () => {
    const { chat, contents } = openHook();
    await waitFor(() => expect(chat().isReady).toBe(true));
    const bob = await server.connect('bob');
    const first = await act(() => bob.send('general', 'first'));
    await waitFor(() => expect(contents().at(-1)).toEqual(['first', 'sent']));
    act(() => server.goOffline('alice'));
    await bob.send('general', 'second');
    await bob.ask('message:delete', { messageId: first.id });
    expect(contents().map(([content]) => content)).toEqual(['welcome', 'first']);
    act(() => server.goOnline());
    await waitFor(() => expect(contents().map(([content]) => content)).toEqual(['welcome', 'second']));
  });

  test('is told of a refusal, once', async () => {
    const { chat, contents } = openHook();
    await waitFor(() => expect(chat().isReady).toBe(true));
    server.refuseNext('message:send', 'forbidden', 'Not today');
    act(() => void chat().sendMessage('first'));
    await waitFor(() => expect(contents().at(-1)).toEqual(['first', 'failed']));
    expect(chat().messages.at(-1)?.failure).toEqual({ code: 'forbidden', error: 'Not today' });
    act(() => void chat().sendMessage('second'));
    await waitFor(() => expect(contents()).toContainEqual(['second', 'sent']));
  });

  test('is not let in with a token that is refused', async () => {
    server.acceptTokens(false);
    const { chat } = openHook();
    await waitFor(() => expect(chat().refusal?.code).toBe('signed_out'));
    expect(chat().connectionStatus).toBe('refused');
  });
});

describe('a server in memory', () => {
  test('is alone', () => {
    expect(() => startChatServer()).toThrow('close it first');
  });

  test('leaves the network to clients that are made after it was closed', () => {
    server.close();
    const { socket } = new ChatClient({ url: URL, token: 'x', outbox: new MemoryOutbox() });
    expect(socket.io).toBeDefined();
    server = startChatServer();
    const memory = new ChatClient({ url: URL, token: 'x', outbox: new MemoryOutbox() });
    expect(memory.socket.io).toBeUndefined();
  });

  test('refuses a user whom it does not know, and a room that is not theirs', async () => {
    const carol = await server.connect('carol');
    await expect(carol.ask('dm:start', 'nobody')).rejects.toMatchObject({ code: 'user_not_found' });
    const { room } = await carol.ask('room:create', { name: 'Plans', type: 'private' });
    const bob = await server.connect('bob');
    await expect(bob.send(room.id, 'x')).rejects.toBeInstanceOf(ChatError);
    await expect(bob.send(room.id, 'x')).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('fails what is under way when the connection breaks', async () => {
    const bob = await server.connect('bob');
    const asked = bob.send('general', 'never acked');
    server.goOffline();
    await expect(asked).rejects.toThrow('disconnected');
  });

  test('gives every message of a room a moment of its own', async () => {
    const bob = await server.connect('bob');
    const sent = await Promise.all([1, 2, 3].map((content) => bob.send('general', String(content))));
    expect(new Set(sent.map(({ createdAt }) => createdAt)).size).toBe(3);
  });
});
