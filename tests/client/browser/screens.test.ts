// Screenshots of a busy page. The room has several users, messages of several days, replies, reactions, an image, a
// file, unread messages and a typing indicator.
import { expect, test } from 'vitest';
import { seedMessages, type SeedMessage, seedReactions, seedRoom } from '../support/seed';
import { aParty, LONG } from './party';

// In demo mode an id is the name in lower case.
const PEOPLE = [
  { id: 'alice-moreau', name: 'Alice Moreau' },
  { id: 'bob-tanaka', name: 'Bob Tanaka' },
  { id: 'carol-adeyemi', name: 'Carol Adeyemi' },
  { id: 'dan-kowalski', name: 'Dan Kowalski' },
];
const party = aParty('sqlite', { JWT_SECRET: '', DEMO: 'true' }, PEOPLE);

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Two hills before an evening sky, as a PNG. */
function paint(): string {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [480, 180];
  const brush = canvas.getContext('2d');
  if (!brush) return '';
  const sky = brush.createLinearGradient(0, 0, 0, 180);
  sky.addColorStop(0, '#312e81');
  sky.addColorStop(1, '#fb923c');
  const hills: [string, number][] = [
    ['#4338ca', 100],
    ['#1e1b4b', 145],
  ];
  brush.fillStyle = sky;
  brush.fillRect(0, 0, 480, 180);
  for (const [colour, top] of hills) {
    brush.fillStyle = colour;
    brush.beginPath();
    brush.moveTo(0, top + 30);
    brush.bezierCurveTo(150, top - 60, 270, top + 50, 480, top);
    brush.lineTo(480, 180);
    brush.lineTo(0, 180);
    brush.fill();
  }
  return canvas.toDataURL('image/png');
}

/** A conversation that ends a moment ago. */
function conversation(now: number, picture: string): SeedMessage[] {
  const said = (
    id: string,
    senderId: string,
    at: number,
    content: string,
    more: Partial<SeedMessage> = {},
  ) => ({
    id,
    senderId,
    content,
    at,
    ...more,
  });
  const [before, yesterday] = [now - 2 * DAY, now - DAY];
  return [
    said('hike', 'carol-adeyemi', before, 'Who is in for a hike on Saturday?'),
    said('in', 'bob-tanaka', before + MINUTE, 'Count me in!', { replyTo: 'hike' }),
    said('maybe', 'dan-kowalski', before + 9 * MINUTE, 'Maybe. It depends on the weather up there.', {
      editedAt: before + 10 * MINUTE,
    }),
    said(
      'where',
      'alice-moreau',
      yesterday,
      'I was there last week. From the second hill one sees the whole valley:',
    ),
    said('view', 'alice-moreau', yesterday + MINUTE, 'The valley in the evening', {
      type: 'image',
      metadata: { url: picture, width: 480, height: 180 },
    }),
    said('wow', 'dan-kowalski', yesterday + 3 * MINUTE, 'Wow. Fine, I come.', { replyTo: 'view' }),
    said('plan', 'carol-adeyemi', now - 50 * MINUTE, 'route.gpx', {
      type: 'file',
      metadata: { url: '/route.gpx', name: 'route.gpx', size: 48_300 },
    }),
    said(
      'bus',
      'carol-adeyemi',
      now - 49 * MINUTE,
      'The bus leaves at 8:12 from the main station. There is coffee at the top, bring cash.',
    ),
    said('early', 'bob-tanaka', now - 6 * MINUTE, '8:12 on a Saturday?'),
    said('sleep', 'bob-tanaka', now - 5 * MINUTE, 'I may sleep on the bus, then'),
  ];
}

test('a lively room', { timeout: LONG }, async () => {
  const { database } = party.server;
  const room = await party.room('Weekend');
  const members = PEOPLE.map(({ id }) => id);
  await seedRoom(database, { id: 'design', name: 'Design', type: 'private', members });
  await seedRoom(database, { id: 'releases', name: 'Releases', type: 'public', members });
  const now = Date.now();
  const easel = await (await party.person('Dan Kowalski')).visit('/');
  await seedMessages(database, room, conversation(now, await easel.evaluate(paint)));
  await seedRoom(database, {
    id: 'dm:alice-moreau:carol-adeyemi',
    name: 'Direct Message',
    type: 'direct',
    members: ['alice-moreau', 'carol-adeyemi'],
  });
  await seedMessages(database, 'dm:alice-moreau:carol-adeyemi', [
    { id: 'shoes', senderId: 'alice-moreau', content: 'Do I need proper shoes?', at: now - 95 * MINUTE },
    {
      id: 'do',
      senderId: 'carol-adeyemi',
      content: 'You do: https://example.org/shoes',
      at: now - 90 * MINUTE,
    },
    {
      id: 'spare',
      senderId: 'carol-adeyemi',
      content: 'I have a spare pair, if yours are too new',
      at: now - MINUTE,
    },
  ]);
  await seedMessages(database, 'design', [
    { id: 'logo', senderId: 'carol-adeyemi', content: 'New logo?', at: now - 3 * MINUTE },
    { id: 'yes', senderId: 'dan-kowalski', content: 'Yes, please', at: now - 2 * MINUTE },
  ]);
  const react = (messageId: string, emoji: string, ...users: string[]) =>
    users.map((userId) => ({ messageId, userId, emoji }));
  await seedReactions(database, react('hike', '🎉', 'alice-moreau', 'bob-tanaka'));
  await seedReactions(database, react('view', '❤️', 'bob-tanaka', 'carol-adeyemi', 'dan-kowalski'));
  await seedReactions(database, react('sleep', '😂', 'carol-adeyemi'));
  const bob = await party.alone('Bob Tanaka', room);
  const alice = await party.alone('Alice Moreau', room);
  await alice.list.press('End');
  await alice.sees('I may sleep on the bus, then');
  // This room has no unread messages now. Two others have, and the title counts those.
  await expect.poll(() => alice.page.title()).toBe('(4) chatoxide');
  await alice.page.goto(`${party.server.url}/#/`);
  await alice.composer.waitFor({ state: 'detached' });
  await bob.send('See you all on Saturday');
  await bob.hasSent('See you all on Saturday');
  await alice.page.getByRole('link', { name: /^Weekend\s*1 unread$/ }).click();
  await alice.page.getByRole('separator', { name: 'New messages' }).waitFor();
  await alice.page.getByRole('img', { name: 'The valley in the evening' }).waitFor();
  await alice.page.getByRole('link', { name: /^Design\s*2 unread$/ }).waitFor();
  await bob.composer.pressSequentially('and');
  await alice.page.getByText('Bob Tanaka is typing…').waitFor();

  // Nothing lies under the pointer.
  await alice.page.mouse.move(0, 0);
  await alice.keepScreens('room', async () => {
    // The client repeats the typing event while he types.
    await bob.composer.pressSequentially('.');
    await alice.page.getByText('Bob Tanaka is typing…').waitFor();
  });

  // The time of the message stands beside its text.
  const sleep = alice.message('I may sleep on the bus, then');
  await sleep.hover();
  const [time, text] = [
    await sleep.locator('time').boundingBox(),
    await sleep.locator('.chat-text').boundingBox(),
  ];
  expect((time?.x ?? 0) + (time?.width ?? 0)).toBeLessThanOrEqual(text?.x ?? 0);
  await alice.keepScreen('hover');

  await alice.page.getByRole('link', { name: /^Carol Adeyemi\s*2 unread$/ }).click();
  await alice.sees('I have a spare pair, if yours are too new');
  await alice.message('Do I need proper shoes?').hover();
  await alice.keepScreens('direct');
  await alice.page.goto(`${party.server.url}/#/`);
  await alice.composer.waitFor({ state: 'detached' });
  await alice.keepScreens('rooms');
});
