// @vitest-environment jsdom
import { describe, expect, test } from 'vitest';
import {
  emojiOf,
  hueOf,
  imageAt,
  initialsOf,
  isOnlyEmoji,
  LIKE_AN_EMOJI,
  linkTo,
  sizeOf,
} from '../../src/component/text.js';
import { split } from '../../src/component/links.js';

const links = (text: string) =>
  split(text)
    .filter(({ kind }) => kind === 'link')
    .map((part) => part.text);

describe('links in a text', () => {
  test.each([
    ['see https://example.org/a?b=c#d now', ['https://example.org/a?b=c#d']],
    ['(see https://example.org).', ['https://example.org']],
    ['https://en.wikipedia.org/wiki/Rust_(fungus), read it', ['https://en.wikipedia.org/wiki/Rust_(fungus)']],
    ['HTTP://EXAMPLE.ORG and https://example.net!', ['HTTP://EXAMPLE.ORG', 'https://example.net']],
    ['<a href="https://example.org">x</a>', ['https://example.org']],
    ['javascript:alert(1) data:text/html,x ftp://example.org example.org', []],
    ['https://', []],
    ['https://... and https://:', []],
    ['www.example.org/a, WWW.example.org.', ['www.example.org/a', 'WWW.example.org']],
    ['write to bob.k+chat@mail.example.org!', ['bob.k+chat@mail.example.org']],
    ['(see https://example.org/a_(b)).', ['https://example.org/a_(b)']],
    ['www. www.x awww.example.org bob@ @bob bob@localhost a..@x bob@example.org2', []],
    ['https://user@example.org/bob@example.org', ['https://user@example.org/bob@example.org']],
  ])('of %j', (text, expected) => {
    expect(links(text)).toEqual(expected);
    expect(
      split(text)
        .map((part) => part.text)
        .join(''),
      'nothing is lost',
    ).toBe(text);
  });
});

test('a link leads where its text says', () => {
  const hrefs = split('www.example.org HTTP://x.org bob@example.org').flatMap((part) =>
    part.kind === 'link' ? part.href : [],
  );
  expect(hrefs).toEqual(['https://www.example.org', 'HTTP://x.org', 'mailto:bob@example.org']);
});

describe('addresses that a message brings', () => {
  test.each([
    'javascript:alert(1)',
    ' JAVASCRIPT:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    7,
    null,
  ])('lead nowhere: %j', (address) => {
    expect(linkTo(address)).toBeUndefined();
    expect(imageAt(address)).toBeUndefined();
  });

  test('lead to the web and to this server', () => {
    expect(linkTo('https://example.org/x')).toBe('https://example.org/x');
    expect(linkTo('/files/x')).toBe(new URL('/files/x', document.baseURI).href);
    expect(imageAt('data:image/png;base64,AAAA')).toBe('data:image/png;base64,AAAA');
    expect(imageAt('data:image/svg+xml;base64,AAAA'), 'which may hold a script').toBeUndefined();
    expect(linkTo('data:image/png;base64,AAAA')).toBeUndefined();
  });
});

test('a few emoji alone are told from words', () => {
  for (const text of ['👍', '🎉 🎉', '👨‍👩‍👧', '🇩🇪', '👋🏽', '❤️']) expect(isOnlyEmoji(text), text).toBe(true);
  for (const text of ['', ' ', 'ok 👍', '1', '#', '👍'.repeat(40)])
    expect(isOnlyEmoji(text), text).toBe(false);
});

test('sizes, initials and colours', () => {
  expect([0, 999, 12_345, 5_000_000_000_000].map((bytes) => sizeOf(bytes))).toEqual([
    '0 byte',
    '999 byte',
    '12.3 kB',
    '5,000 GB',
  ]);
  for (const none of ['7', -1, Number.NaN, undefined]) expect(sizeOf(none)).toBeUndefined();
  expect(['Ada Lovelace', 'ada', ' ', '😀 Smith'].map(initialsOf)).toEqual(['AL', 'A', '', '😀S']);
  expect(hueOf('alice')).toBe(hueOf('alice'));
  expect(hueOf('😀')).toBeLessThan(360);
});

describe('one emoji', () => {
  const emoji = ['🦀', '👍🏽', '🇪🇺', '👩‍👩‍👧', '1️⃣', '🏳️‍🌈', '🏴󠁧󠁢󠁷󠁬󠁳󠁿', '❤️'];
  test.each(emoji)('%s is one, also to browsers that do not know the list', (text) => {
    expect(emojiOf(` ${text} `)).toBe(text);
    expect(LIKE_AN_EMOJI.test(text)).toBe(true);
  });

  test('a heart without its variation is the same as one with it', () => {
    expect(emojiOf('\u2764')).toBe('\u2764\ufe0f');
  });

  test.each(['', 'lol', '1', '🦀🦀', 'a🦀', '🇪'])('"%s" is none', (text) => {
    expect(emojiOf(text)).toBeUndefined();
    expect(LIKE_AN_EMOJI.test(text)).toBe(false);
  });
});
