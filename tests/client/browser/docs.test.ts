// The viewer of the REST API's description, in a real browser: it shows every operation, and asks no other host.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Server } from '../support/server';
import { launch, PATIENCE } from './pages';

const LONG = 60_000;

interface Description {
  paths: Record<string, Record<string, { summary: string }>>;
}

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.start('sqlite');
  browser = await launch();
}, LONG);

afterAll(async () => {
  await browser.close();
  await server.remove();
});

test('it shows every operation, and asks no other host', { timeout: LONG }, async () => {
  const answer = await fetch(`${server.url}/api/v1/openapi.json`);
  const { paths } = (await answer.json()) as Description;
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  expect(operations.length).toBeGreaterThan(10);
  const tab = await browser.newPage();
  tab.setDefaultTimeout(PATIENCE);
  const asked = new Set<string>();
  const faults: string[] = [];
  tab.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    // Data in the page itself is no request.
    if (!['data:', 'blob:'].includes(protocol)) asked.add(origin);
  });
  tab.on('pageerror', ({ message }) => faults.push(message));
  tab.on('console', (message) => message.type() === 'error' && faults.push(message.text()));

  await tab.goto(`${server.url}/docs`);

  for (const { summary } of operations) await tab.getByText(summary, { exact: true }).first().waitFor();
  expect([...asked]).toEqual([server.url]);
  // Its policy keeps nothing from it that it needs.
  expect(faults).toEqual([]);
});
