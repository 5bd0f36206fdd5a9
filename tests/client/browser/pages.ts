// The page that the server serves, in a real browser, as several people have it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** How long anything may take that must happen, in milliseconds: a browser on a busy machine is slow. */
export const PATIENCE = 30_000;
/** The folder of the pictures. */
export const SCREENS = path.resolve(import.meta.dirname, '../artifacts/screens');
/** The package that finds violations, as a script. */
const AXE = readFileSync(
  createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve(
    'axe-core/axe.min.js',
  ),
  'utf8',
);

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
export const WIDTHS = [390, 768, 1440, 2560];
export const COLOURS = [
  { name: 'light', colorScheme: 'light', forcedColors: 'none' },
  { name: 'dark', colorScheme: 'dark', forcedColors: 'none' },
  { name: 'forced', colorScheme: 'dark', forcedColors: 'active' },
] as const;

/** Where it is afternoon now: no day ends in the middle of a story. */
function afternoon(): string {
  const east = ((15 - new Date().getUTCHours() + 36) % 24) - 12;
  // In these names the sign is of what leads back to Greenwich.
  return `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`;
}

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

  /** `keepsPage`: the browser runs the page's service worker, whose requests no story can intercept. */
  static async create(
    browser: Browser,
    url: string,
    name: string,
    device: Device,
    keepsPage = false,
  ): Promise<Person> {
    const isPhone = device === 'phone';
    const context = await browser.newContext({
      viewport: SIZES[device],
      timezoneId: afternoon(),
      reducedMotion: 'reduce',
      hasTouch: isPhone,
      isMobile: isPhone,
      serviceWorkers: keepsPage ? 'allow' : 'block',
    });
    context.setDefaultTimeout(PATIENCE);
    return new Person(name, url, context);
  }

  /** A tab, signed in by name and in a room. */
  async open(room: string): Promise<Tab> {
    const page = await this.visit(`/#/r/${encodeURIComponent(room)}`);
    await page.getByLabel('Your name').fill(this.name);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const tab = new Tab(this.name, page);
    await tab.isReady();
    return tab;
  }

  /** A page of the server's; what goes wrong on it is a fault of the page's. */
  async visit(path: string): Promise<Page> {
    const page = await this.context.newPage();
    const fault = (text: string) => this.faults.push(text);
    page.on('pageerror', (error) => fault(`${error.name}: ${error.message}`));
    page.on('console', (message) => {
      const { url } = message.location();
      const isStatus = (status: number) => message.text().includes(`status of ${status} `);
      // That there is no demo mode is an answer; so is that a connection which was refused is gone.
      const isAnswer =
        (url.endsWith('/demo') && isStatus(404)) || (url.includes('/socket.io/') && isStatus(400));
      // The policy's refusals come here, too. A lost connection is no fault of the page.
      if (message.type() === 'error' && !isAnswer && !/ERR_|WebSocket connection/.test(message.text()))
        fault(`${message.text()} ${url}`);
    });
    await page.goto(`${this.url}${path}`);
    return page;
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

  get members(): Locator {
    return this.page.getByRole('complementary', { name: 'Members' });
  }

  /** The entry of a member with this presence in the list of members. */
  member(name: string, presence: 'online' | 'away' | 'offline'): Locator {
    return this.members.getByRole('listitem').filter({ hasText: new RegExp(`${name}.*${presence}`) });
  }

  /** The notice that the page shows while the connection is lost. */
  get isLost(): Locator {
    return this.page.getByText('Connection lost.', { exact: false });
  }

  /** A room in the list of rooms. */
  link(name: string): Locator {
    return this.page.getByRole('link', { name: new RegExp(`^${name}( |$)`) });
  }

  /** The texts of all messages that are drawn, from top to bottom. */
  texts(): Promise<string[]> {
    return this.page.locator('article .chat-text').allTextContents();
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

  /** Expects a message to be shown as pending. */
  async keeps(text: string): Promise<void> {
    await this.message(text)
      .getByText(/Sending…|Will be sent/)
      .waitFor();
  }

  /** Expects a message to be shown as one that waits for the connection. */
  async keepsUntilOnline(text: string): Promise<void> {
    await this.message(text).getByText('Will be sent when you are back online').waitFor();
  }

  /** From now on a reload finds the page in the browser, and only its socket asks for the server. */
  async keepPage(): Promise<void> {
    const names = await this.page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    );
    const { origin } = new URL(this.page.url());
    const files = [`${origin}/`, ...names.filter((name) => name.startsWith(`${origin}/assets/`))];
    for (const file of files) {
      const response = await this.page.request.get(file);
      await this.page.route(file, (route) => route.fulfill({ response }));
    }
  }

  /** Waits until a message is acked. */
  async hasSent(text: string): Promise<void> {
    await this.page.locator('article.chat-message--sent').filter({ hasText: text }).waitFor();
  }

  /** Turns the wheel over the messages; what comes into view is drawn by then, and what was to be loaded is there. */
  async scroll(pixels: number): Promise<void> {
    await this.list.hover();
    await this.list.evaluate((list, by) => {
      const { scrollTop, clientHeight, scrollHeight } = list;
      const isAtEdge = by < 0 ? scrollTop <= 0 : scrollTop + clientHeight >= scrollHeight - 1;
      const scrolled = new Promise<void>((resolve) => {
        if (isAtEdge) resolve();
        else list.addEventListener('scrollend', () => resolve(), { once: true });
      });
      Object.assign(list, { scrolled });
    }, pixels);
    await this.page.mouse.wheel(0, pixels);
    await this.list.evaluate((list: Element & { scrolled?: Promise<void> }) => list.scrolled);
    await this.frame();
    await this.page.locator('[role=log][aria-busy=false]').waitFor();
  }

  /** Waits until the change is rendered. */
  async frame(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  /** A button in a message's row. */
  async act(text: string, button: string): Promise<void> {
    await this.message(text).hover();
    await this.message(text).getByRole('button', { name: button, exact: true }).click();
  }

  /** Goes there by the tab key alone. */
  async tabTo(there: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    const focused = there.and(this.page.locator(':focus'));
    for (let steps = 0; (await focused.count()) === 0; steps += 1) {
      expect(steps, 'it cannot be reached').toBeLessThan(60);
      await this.page.keyboard.press(key);
    }
  }

  /** The accessibility violations that axe reports, one line for each rule and node. */
  async accessibilityFaults(): Promise<string[]> {
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
      return (await axe.run({ resultTypes: ['violations'] })).violations;
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  }

  /** Saves a screenshot and expects no accessibility violations. */
  async keepScreen(name: string): Promise<void> {
    await this.page.screenshot({ path: path.join(SCREENS, `${name}.png`) });
    expect(await this.accessibilityFaults(), name).toEqual([]);
  }

  /** The same in both sizes and both themes; `before` each. */
  async keepScreens(name: string, before?: () => Promise<void>): Promise<void> {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of THEMES) {
        await this.page.setViewportSize(viewport);
        await this.page.emulateMedia({ colorScheme });
        await this.frame();
        await before?.();
        await this.keepScreen(`${name}-${size}-${colorScheme}`);
      }
    }
    await this.page.setViewportSize(SIZES.desktop);
  }
}
