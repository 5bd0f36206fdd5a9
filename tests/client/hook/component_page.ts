// A page of somebody's own component, looked at as a user does: by what stands where, not by its class names.
import { expect } from 'vitest';
import { layOut } from './layout';
import { type Given, PATIENCE } from './pages';
import type { Guest, Scene } from './stage';

export class ComponentPage {
  private readonly container: HTMLElement;
  readonly unmount: () => void;

  constructor(
    private readonly given: Given,
    readonly scene: Scene,
    readonly user: Guest,
  ) {
    const { ChatRoom, createElement, library } = given.subject;
    if (!ChatRoom) throw new Error('the file exports no component');
    layOut();
    const props = { roomId: scene.room, currentUserId: user.id, token: user.token };
    const { container, unmount } = library.render(createElement(ChatRoom, props));
    this.container = container;
    this.unmount = unmount;
  }

  /** The text content without digits, because the displayed times change. */
  get text(): string {
    return withoutDigits(this.container.textContent ?? '');
  }

  /** The scene's messages that are in view, from top to bottom. */
  get words(): string[] {
    return this.scene.words(this.contents().map(ownText));
  }

  /** All that belongs to one message: the largest element around it that has no other. */
  row(words: string): HTMLElement {
    const content = this.scene.text(words);
    const all = this.contents();
    let row = all.find((element) => ownText(element) === content);
    if (!row) throw new Error(`${this.user.name} does not see "${words}"`);
    const others = all.filter((element) => element !== row);
    for (let parent = row.parentElement; parent && parent !== this.container; parent = parent.parentElement) {
      if (others.length > 0 ? others.some((other) => parent.contains(other)) : parent.contains(this.field()))
        break;
      row = parent;
    }
    return row;
  }

  /** The element in a message's row that shows this emoji. */
  emoji(words: string, emoji: string): Element | undefined {
    return elements(this.row(words)).find((element) => ownText(element).includes(emoji));
  }

  /** The text field of the composer. */
  field(): HTMLInputElement | HTMLTextAreaElement {
    const fields = this.container.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
      'textarea, input:not([type]), input[type=text]',
    );
    const field = [...fields].at(-1);
    if (!field) throw new Error('the component has no text field');
    return field;
  }

  type(text: string): void {
    this.given.subject.library.fireEvent.change(this.field(), { target: { value: text } });
  }

  /** Types and sends; resolves when the field is empty again. */
  async sends(words: string): Promise<void> {
    const { fireEvent } = this.given.subject.library;
    this.type(this.scene.text(words));
    const { form } = this.field();
    if (form) fireEvent.submit(form);
    else fireEvent.keyDown(this.field(), { key: 'Enter', code: 'Enter' });
    await this.sees(() => expect(this.field().value, 'the field after sending').toBe(''));
  }

  click(element: Element): void {
    this.given.subject.library.fireEvent.click(element);
  }

  /** The user comes back to the page. */
  focus(): void {
    this.field().focus();
    this.given.subject.library.fireEvent.focus(window);
  }

  /** Whatever scrolls the messages is at its top. */
  scrollUp(): void {
    const [first] = this.contents();
    for (let element = first?.parentElement; element; element = element.parentElement) {
      element.scrollTop = 0;
      this.given.subject.library.fireEvent.scroll(element);
    }
  }

  async shows(...words: string[]): Promise<void> {
    await this.sees(() => expect(this.words, `what ${this.user.name} sees`).toEqual(words));
  }

  async sees(look: () => void): Promise<void> {
    await this.given.subject.library.waitFor(look, { timeout: this.given.patience ?? PATIENCE });
  }

  private contents(): HTMLElement[] {
    return elements(this.container).filter((element) => this.scene.words([ownText(element)]).length > 0);
  }
}

function elements(element: Element): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('*')];
}

/** The text that stands in the element itself, not in one inside of it. */
function ownText(element: Element): string {
  const texts = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
  return texts.map(({ textContent }) => textContent ?? '').join('');
}

export function withoutDigits(text: string): string {
  return text.replaceAll(/\d+/g, '');
}
