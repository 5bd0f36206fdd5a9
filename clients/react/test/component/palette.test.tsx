// @vitest-environment jsdom
// The choice of emoji: keys, names, and what is no emoji.
import { cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import type { Chat } from '../../src/index.js';
import { button, press, show, type } from './page.js';
import { aChat, message, NOON } from './samples.js';

let chat: Chat;
beforeAll(layOut);
beforeEach(async () => {
  chat = aChat([message('first', NOON)]);
  await show(chat);
  fireEvent.click(button('first', 'Add a reaction'));
});
afterEach(cleanup);

const emoji = (name: string) => screen.getByRole('button', { name });
const any = () => screen.getByRole('textbox', { name: 'Any emoji' });
const enter = (text: string) => {
  type(any(), text);
  fireEvent.submit(any().closest('form') as HTMLFormElement);
};

test('the arrow keys go about in it, and one press of Tab goes past it', () => {
  const walk = (key: string) => press(document.activeElement as Element, key);
  expect(document.activeElement).toBe(emoji('👍'));
  walk('ArrowRight');
  expect(document.activeElement).toBe(emoji('❤️'));
  walk('ArrowDown');
  expect(document.activeElement).toBe(emoji('😀'));
  walk('ArrowUp');
  walk('ArrowLeft');
  walk('ArrowLeft');
  expect(document.activeElement).toBe(emoji('❌'));
  walk('Home');
  expect(document.activeElement).toBe(emoji('👍'));
  walk('End');
  expect(document.activeElement).toBe(emoji('❌'));
  const all = [...(emoji('❌').parentElement?.children ?? [])] as HTMLElement[];
  expect(all).toHaveLength(24);
  expect(all.filter(({ tabIndex }) => tabIndex === 0)).toEqual([emoji('❌')]);
  fireEvent.click(emoji('❌'));
  expect(chat.addReaction).toHaveBeenCalledExactlyOnceWith('first', '❌');
});

test('each has a name in words, and the field says what helps to fill it', () => {
  for (const one of emoji('👍').parentElement?.children ?? [])
    expect(one.getAttribute('title')).toMatch(/\w/);
  const hint = document.getElementById(any().getAttribute('aria-describedby') ?? '');
  expect(hint?.textContent).toContain('Ctrl+Cmd+Space');
});

test('a text that is no emoji is refused, and said to be', () => {
  enter('lol');
  expect(screen.getByRole('alert').textContent).toBe('This is not an emoji.');
  expect(any().getAttribute('aria-invalid')).toBe('true');
  expect(chat.addReaction).not.toHaveBeenCalled();
  type(any(), 'lo');
  expect(screen.queryByRole('alert')).toBeNull();
  enter('🦀');
  expect(chat.addReaction).toHaveBeenCalledExactlyOnceWith('first', '🦀');
});
