// A page with the component on it, looked at and used as a person does.
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import { ChatRoomView, type Chat, type ChatRoomViewProps } from '../../src/index.js';

/** Waits until pending updates are rendered. */
export const settled = () => act(() => Promise.resolve());

export async function show(chat: Chat, props: Omit<ChatRoomViewProps, 'chat'> = {}) {
  const view = render(<ChatRoomView chat={chat} {...props} />);
  // The list measures its size after the first render.
  await settled();
  return {
    view,
    showAnew: (next: Chat) => {
      view.rerender(<ChatRoomView chat={next} {...props} />);
      return settled();
    },
  };
}

export const shown = () => screen.queryAllByRole('article').map((row) => row.dataset.messageId);
export const findRow = (id: string) =>
  screen.queryAllByRole('article').find((row) => row.dataset.messageId === id);
export const rowOf = (id: string) => findRow(id) as HTMLElement;
export const button = (id: string, name: string | RegExp) => within(rowOf(id)).getByRole('button', { name });
export const list = () => screen.getByRole('log', { name: 'Messages' });
export const field = () => screen.getByRole('textbox', { name: 'Write a message' });
export const editField = () => screen.getByRole('textbox', { name: 'Edit the message' });
export const press = (element: Element, key: string, more = {}) =>
  fireEvent.keyDown(element, { key, ...more });
export const type = (element: Element, value: string) => fireEvent.change(element, { target: { value } });

/** Fires the scroll event that a browser sends, and waits until the list has rendered. */
export async function scrolled(): Promise<void> {
  fireEvent.scroll(list());
  await act(() => new Promise<unknown>((resolve) => requestAnimationFrame(resolve)));
  await settled();
}

export async function scrollTo(top: number): Promise<void> {
  list().scrollTop = top;
  await scrolled();
}

/** Scrolls to the end in several steps: rows turn out to have another height than estimated when they are rendered. */
export async function scrollToEnd(): Promise<void> {
  const end = () => parseFloat((list().firstElementChild as HTMLElement).style.height) - list().clientHeight;
  do await scrollTo(end());
  while (list().scrollTop !== end());
}
