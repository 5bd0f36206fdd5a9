// The sign-in over a slow connection: what is there before any script, and how much it takes.
import { expect, test } from 'vitest';
import { PATIENCE } from './pages';
import { aParty, LONG } from './party';

const party = aParty('sqlite');

/** Seconds until the first paint may be shown, at this rate in bytes a second and this delay of each answer in seconds. */
const [PAINT, RATE, DELAY] = [1.5, 50_000, 0.6];

test('it is shown without its scripts, in two answers that are small', { timeout: LONG }, async () => {
  const page = await (await party.person('Alice')).context.newPage();
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const sizes = new Map<string, number>();
  const names = new Map<string, string>();
  client.on('Network.responseReceived', ({ requestId, response }) => names.set(requestId, response.url));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    sizes.set(names.get(requestId) ?? '', encodedDataLength),
  );
  // The scripts are on their way until the end of the test.
  let letGo: () => void = () => undefined;
  const end = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/*.js', (route) => end.then(() => route.continue()));

  await page.goto(party.server.url, { waitUntil: 'commit' });
  await page.getByRole('heading', { name: 'chatoxide' }).waitFor();
  await expect
    .poll(() => page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length))
    .toBe(1);
  const background = await page.locator('.sign-in-card').evaluate((card) => getComputedStyle(card).display);
  expect(background).toBe('grid');

  const blocking = [...sizes].filter(([name]) => /\/$|\.css$/.test(name));
  expect(blocking).toHaveLength(2);
  const bytes = blocking.reduce((sum, [, size]) => sum + size, 0);
  expect(2 * DELAY + bytes / RATE).toBeLessThan(PAINT);
  letGo();
  await page.getByLabel('Your name').waitFor();
});

test('over such a connection the browser paints it in time', { timeout: LONG }, async () => {
  const times: number[] = [];
  // The best of three: a machine that does much else at the same time paints late.
  for (let load = 0; load < 3 && !times.some((time) => time < PAINT * 1000); load += 1) {
    const { context } = await party.person('Alice');
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    await client.send('Network.enable');
    await client.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: DELAY * 1000,
      downloadThroughput: RATE,
      uploadThroughput: RATE,
    });
    await page.goto(party.server.url, { waitUntil: 'commit' });
    const painted = () =>
      page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
    await expect.poll(painted, { timeout: PATIENCE }).toBeGreaterThan(0);
    times.push(await painted());
    // Its script makes of this the sign-in.
    await page.getByLabel('Your name').waitFor();
  }
  console.info(`first paint after ${times.map((time) => `${Math.round(time)} ms`).join(', ')}`);
  expect(Math.min(...times)).toBeLessThan(PAINT * 1000);
  expect(Math.min(...times), 'the connection is slow').toBeGreaterThan(DELAY * 1000);
});

test('the sign-in does not wait for code that only the rooms need', { timeout: LONG }, async () => {
  const page = await (await party.person('Alice')).context.newPage();
  let letGo: () => void = () => undefined;
  const end = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/SignedIn-*', (route) => end.then(() => route.continue()));
  await page.goto(party.server.url);
  await page.getByLabel('Your name').fill('Alice');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Loading…').waitFor();
  letGo();
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
});
