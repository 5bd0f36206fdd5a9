// The page that the server serves, in a real browser, as several people have it.
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';

const PATIENCE = 15_000;
const ARTIFACTS = path.resolve(import.meta.dirname, '../artifacts/screens');

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } } as const;
export type Device = keyof typeof SIZES;
export const THEMES = ['light', 'dark'] as const;

export function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** One person's browser: tabs of it share what it keeps. */
export class Person {
  readonly faults: string[] = [];

  private constructor(
    readonly name: string,
    private readonly url: string,
    readonly context: BrowserContext,
  ) {}

  static async create(browser: Browser, url: string, name: string, device: Device): Promise<Person> {
    const isPhone = device === 'phone';
    const context = await browser.newContext({
      viewport: SIZES[device],
      reducedMotion: 'reduce',
      hasTouch: isPhone,
      isMobile: isPhone,
    });
    context.setDefaultTimeout(PATIENCE);
    return new Person(name, url, context);
  }

  /** A tab, signed in and in a room. */
  async open(room: string): Promise<Tab> {
    const page = await this.context.newPage();
    const fault = (text: string) => this.faults.push(text);
    page.on('pageerror', (error) => fault(`${error.name}: ${error.message}`));
    page.on('console', (message) => {
      // The policy's refusals come here, too. A lost connection is no fault of the page.
      if (message.type() === 'error' && !/ERR_|WebSocket connection/.test(message.text()))
        fault(message.text());
    });
    await page.goto(`${this.url}/#/r/${encodeURIComponent(room)}`);
    await page.getByLabel('Your name').fill(this.name);
    await page.getByRole('button', { name: 'Come in', exact: true }).click();
    const tab = new Tab(this.name, page);
    await tab.isReady();
    return tab;
  }
}

export class Tab {
  constructor(
    readonly name: string,
    readonly page: Page,
  ) {}

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Write a message' });
  }

  get list(): Locator {
    return this.page.getByRole('log', { name: 'Messages' });
  }

  /** The message of this text. */
  message(text: string): Locator {
    return this.page.locator('article').filter({ has: this.page.getByText(text, { exact: true }) });
  }

  async isReady(): Promise<void> {
    await this.composer.waitFor();
    await this.page.locator('[role=log][aria-busy=false]').waitFor();
  }

  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Sees a message, once. */
  async sees(text: string): Promise<void> {
    await this.message(text).first().waitFor();
    expect(await this.message(text).count(), text).toBe(1);
  }

  /** Until a message is acked. */
  async hasSent(text: string): Promise<void> {
    await this.page.locator('article.chat-message--sent').filter({ hasText: text }).waitFor();
  }

  /** Turns the wheel over the messages; what comes into view is drawn by then. */
  async scroll(pixels: number): Promise<void> {
    await this.list.hover();
    await this.page.mouse.wheel(0, pixels);
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  /** A button of a message's. */
  async act(text: string, button: string): Promise<void> {
    await this.message(text).hover();
    await this.message(text).getByRole('button', { name: button, exact: true }).click();
  }

  /** What axe finds wrong, a line each. */
  async accessibilityFaults(): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  }

  /** Keeps what the page looks like, in both sizes and both themes, and that it is accessible in all of them. */
  async keepScreens(name: string): Promise<void> {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of THEMES) {
        await this.page.setViewportSize(viewport);
        await this.page.emulateMedia({ colorScheme });
        await this.page.screenshot({ path: path.join(ARTIFACTS, `${name}-${size}-${colorScheme}.png`) });
        expect(await this.accessibilityFaults(), `${name}, ${size}, ${colorScheme}`).toEqual([]);
      }
    }
    await this.page.setViewportSize(SIZES.desktop);
  }
}
