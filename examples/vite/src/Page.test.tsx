// @vitest-environment jsdom
import { layOut, startChatServer, type ChatServer } from '@chatoxide/react/testing';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, test } from 'vitest'; // Jest has these without an import.
import { Page } from './Page';

layOut(); // jsdom gives nothing a size, and a list shows only what is in view.

let server: ChatServer;
beforeEach(() => {
  const messages = [{ from: 'bob', content: 'Welcome' }];
  server = startChatServer({ rooms: [{ id: 'general', messages }] });
});
afterEach(() => {
  cleanup();
  server.close();
});

test('the page shows what others say', async () => {
  render(<Page token={server.token('alice')} />);
  await screen.findByText('Welcome');

  const bob = await server.connect('bob');
  await bob.send('general', 'Hello, Alice');
  await screen.findByText('Hello, Alice');
});
