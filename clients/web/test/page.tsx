// The page of somebody who is signed in, with the server in memory.
import { ChatProvider } from '@chatoxide/react';
import { layOut, startChatServer, type ChatServer, type ServerSeed } from '@chatoxide/react/testing';
import { cleanup, configure, render, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, vi } from 'vitest';
import { Workspace } from '../src/Workspace.js';

/** How long anything may take that must happen, in milliseconds: a busy machine is slow. */
const PATIENCE = 30_000;

let current: ChatServer | undefined;
let isPhone = false;

/** For the top of a test's file: what jsdom lacks, and an end of all that a test has begun. */
export function setUpPages(): void {
  beforeAll(() => {
    layOut();
    configure({ asyncUtilTimeout: PATIENCE });
    window.matchMedia = (query) => ({ matches: isPhone && query.includes('max-width') }) as MediaQueryList;
    HTMLDialogElement.prototype.showModal = function showModal() {
      this.open = true;
    };
    HTMLDialogElement.prototype.close = function close() {
      this.open = false;
    };
  });
  afterEach(() => {
    cleanup();
    current?.close();
    isPhone = false;
    window.location.hash = '';
    localStorage.clear();
    vi.useRealTimers();
  });
}

export function begin(seed: ServerSeed): ChatServer {
  current = startChatServer(seed);
  return current;
}

export function onAPhone(): void {
  isPhone = true;
}

/** Each page has a connection of its own. */
let serial = 0;

/** Opens the page as this user, at an address. */
export function openPage(server: ChatServer, userId: string, hash = '#/') {
  window.location.hash = hash;
  return render(
    <ChatProvider url={`http://server/${(serial += 1)}`} token={server.token(userId)}>
      <Workspace user={{ id: userId, name: userId }} onSignOut={() => undefined} />
    </ChatProvider>,
  );
}

export const heading = (name: string) => screen.findByRole('heading', { level: 1, name });
export const button = (name: string) => screen.findByRole('button', { name });
export const panel = () => within(screen.getByRole('complementary', { name: 'Members' }));
export const dialog = async (name: string) => within(await screen.findByRole('dialog', { name }));
export const link = (name: string | RegExp) => screen.findByRole('link', { name });
