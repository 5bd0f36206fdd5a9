// @vitest-environment jsdom
// Where the focus is when what had it is gone.
import { cleanup, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import {
  button,
  editField,
  field,
  findRow,
  press,
  rowOf,
  scrolled,
  scrollTo,
  settled,
  show,
  type,
} from './page.js';
import { aChat, later, message, NOON } from './samples.js';

beforeAll(layOut);
afterEach(cleanup);

const talk = ['first', 'second', 'third'].map((id, index) => message(id, later(index)));
const without = (id: string) => talk.filter((one) => one.id !== id);

describe('after an edit', () => {
  test.each(['Enter', 'Escape'])('that began in the row and ended by %s it is in the row', async (key) => {
    const chat = aChat(talk);
    await show(chat);
    fireEvent.click(button('second', 'Edit'));
    type(editField(), 'changed');
    press(editField(), key);
    await settled();
    expect(chat.editMessage).toHaveBeenCalledTimes(key === 'Enter' ? 1 : 0);
    expect(screen.queryByRole('textbox', { name: 'Edit the message' })).toBeNull();
    expect(document.activeElement).toBe(rowOf('second'));
  });

  test.each(['Enter', 'Escape'])('that ArrowUp began and %s ended it is where one writes', async (key) => {
    await show(aChat(talk));
    field().focus();
    press(field(), 'ArrowUp');
    expect(document.activeElement).toBe(editField());
    type(editField(), 'changed');
    press(editField(), key);
    await settled();
    expect(document.activeElement).toBe(field());
  });

  test('it stays where one has gone meanwhile', async () => {
    let saved = () => {};
    const editMessage = vi.fn(
      () => new Promise<never>((resolve) => (saved = () => resolve(undefined as never))),
    );
    await show(aChat(talk, { editMessage }));
    fireEvent.click(button('second', 'Edit'));
    type(editField(), 'changed');
    press(editField(), 'Enter');
    field().focus();
    saved();
    await settled();
    expect(screen.queryByRole('textbox', { name: 'Edit the message' })).toBeNull();
    expect(document.activeElement).toBe(field());
  });
});

describe('after a deletion', () => {
  test.each([
    ['second', 'third'],
    ['third', 'second'],
  ])('of %s it is in %s', async (id, neighbour) => {
    const chat = aChat(talk);
    const { showAnew } = await show(chat);
    fireEvent.click(button(id, 'Delete'));
    fireEvent.click(
      within(screen.getByRole('group', { name: 'Delete this message?' })).getByRole('button', {
        name: 'Delete',
      }),
    );
    await showAnew({ ...chat, messages: without(id) });
    expect(document.activeElement).toBe(rowOf(neighbour));
  });

  test('of the only message it is where one writes', async () => {
    const chat = aChat([message('only', NOON)]);
    const { showAnew } = await show(chat);
    rowOf('only').focus();
    await showAnew({ ...chat, messages: [] });
    expect(document.activeElement).toBe(field());
  });

  test('it stays where it is, if it is not in what is gone', async () => {
    const chat = aChat(talk);
    const { showAnew } = await show(chat);
    rowOf('first').focus();
    field().focus();
    await showAnew({ ...chat, messages: without('first') });
    expect(document.activeElement).toBe(field());
    rowOf('third').focus();
    await showAnew({ ...chat, messages: [talk[2]].flatMap((one) => one ?? []) });
    expect(document.activeElement).toBe(rowOf('third'));
  });
});

test('a button that goes leaves the focus in its row', async () => {
  const waits = message('waits', later(3), { status: 'sending' });
  const chat = aChat([...talk, waits]);
  const { showAnew } = await show(chat);
  button('waits', 'Discard').focus();
  await showAnew({ ...chat, messages: [...talk, { ...waits, status: 'sent' }] });
  expect(document.activeElement).toBe(rowOf('waits'));
});

describe('of 200 messages', () => {
  const many = Array.from({ length: 200 }, (_, index) => message(`m${index}`, later(index)));

  test('the one that is edited stays when it is scrolled out of view, with its text and the focus', async () => {
    await show(aChat(many));
    await scrolled();
    fireEvent.click(button('m199', 'Edit'));
    type(editField(), 'half of a sentence');
    await scrollTo(0);
    expect(findRow('m0')).toBeTruthy();
    expect(findRow('m150')).toBeUndefined();
    expect(editField()).toHaveProperty('value', 'half of a sentence');
    expect(document.activeElement).toBe(editField());
  });

  test('the one that has the focus stays, and goes when it has it no more', async () => {
    await show(aChat(many));
    await scrolled();
    fireEvent.click(button('m199', 'Add a reaction'));
    await scrollTo(0);
    expect(screen.getByRole('button', { name: '👍' })).toBe(document.activeElement);
    field().focus();
    await settled();
    expect(findRow('m199')).toBeUndefined();
  });

  test('ArrowUp brings the one that it edits into view', async () => {
    await show(aChat(many));
    await scrolled();
    await scrollTo(0);
    expect(findRow('m199')).toBeUndefined();
    field().focus();
    press(field(), 'ArrowUp');
    await scrolled();
    expect(editField()).toHaveProperty('value', 'm199');
    expect(findRow('m0')).toBeUndefined();
  });
});
