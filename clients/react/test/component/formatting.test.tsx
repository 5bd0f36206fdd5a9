// @vitest-environment jsdom
// How a text is formatted, that it is never more than text, and that no text takes long.
import { cleanup, render } from '@testing-library/react';
import { MarkdownParser } from '@lezer/markdown';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { format } from '../../src/component/formatting.js';
import { Formatted } from '../../src/component/Formatted.js';

afterEach(cleanup);

const html = (text: string, formatting = true) => {
  const { container } = render(<Formatted text={text} formatting={formatting} />);
  return container.querySelector('.chat-text')?.innerHTML;
};
const link = (href: string, text = href) =>
  `<a href="${href}" target="_blank" rel="noopener noreferrer nofollow" tabindex="-1">${text}</a>`;
const paragraph = (text: string) => `<p>${text}</p>`;

describe('what people write', () => {
  test.each([
    ['plain words\n  as they stand', 'plain words\n  as they stand'],
    [
      '**bold** and *italic* and _italic_',
      '<p><strong>bold</strong> and <em>italic</em> and <em>italic</em></p>',
    ],
    ['~~gone~~', '<p><del>gone</del></p>'],
    ['run `make **test**` now', '<p>run <code dir="ltr">make **test**</code> now</p>'],
    ['`` a ` b ``', '<p><code dir="ltr">a ` b</code></p>'],
    [
      'like this:\n```js\nlet a = 1 < 2;\n\n  b(**a);\n```\nsee?',
      '<p>like this:</p><pre dir="ltr"><code>let a = 1 &lt; 2;\n\n  b(**a);</code></pre><p>see?</p>',
    ],
    ['```\nnot yet closed', '<pre dir="ltr"><code>not yet closed</code></pre>'],
    ['- one\n- two\nand on', '<ul><li><p>one</p></li><li><p>two</p></li></ul><p>and on</p>'],
    ['3. three\n4. four', '<ol start="3"><li><p>three</p></li><li><p>four</p></li></ol>'],
    [
      '> a quote\n> of two lines\nmy answer',
      '<blockquote><p>a quote\nof two lines</p></blockquote><p>my answer</p>',
    ],
    ['> ```\n> x\n> ```', '<blockquote><pre dir="ltr"><code>x</code></pre></blockquote>'],
    [
      '**see** https://example.org/a_b_c*d*?x=*1*',
      `<p><strong>see</strong> ${link('https://example.org/a_b_c*d*?x=*1')}*</p>`,
    ],
    ['**www.example.org**', `<p><strong>${link('https://www.example.org', 'www.example.org')}</strong></p>`],
    ['\\*not italic\\*', '<p>*not italic*</p>'],
  ])('%j', (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  test.each([
    '2*3*4',
    'snake_case_name',
    '# no heading',
    '---',
    '+ 1',
    'a * b * c',
    '**',
    '1) one',
    '<b>x</b> &amp; y',
  ])('is no formatting in %j', (text) => {
    const { container } = render(<Formatted text={text} />);
    expect(container.textContent).toBe(text);
    expect(container.querySelector('strong, em, b, h1, hr, ul, ol')).toBeNull();
  });

  test('is shown as it was written where formatting is off, with its links', () => {
    expect(html('**see** www.example.org', false)).toBe(
      `**see** ${link('https://www.example.org', 'www.example.org')}`,
    );
  });

  test('keeps a shrug whole', () => {
    const { container } = render(<Formatted text="*well* ¯\_(ツ)_/¯" />);
    expect(container.textContent).toBe('well ¯\\_(ツ)_/¯');
    expect(html('*well*')).toBe(paragraph('<em>well</em>'));
  });
});

describe('what somebody hostile writes', () => {
  test.each([
    '<img src=x onerror=alert(1)> **x**',
    '**<script>alert(1)</script>**',
    '[click](javascript:alert(1)) *x*',
    '![x](https://example.org/x.png) *x*',
    '<https://example.org/"onmouseover="x> *x*',
    '`<b>`\n\n```html\n<script>alert(1)</script>\n```',
  ])('is text: %j', (text) => {
    const { container } = render(<Formatted text={text} />);
    expect(container.querySelector('script, img, b, [onerror], [onmouseover]')).toBeNull();
    for (const anchor of container.querySelectorAll('a')) expect(anchor.href).toMatch(/^(https?|mailto):/u);
  });

  test('is not nested deeper than a few levels, and nothing of it is lost', () => {
    const { container } = render(<Formatted text={`${'> '.repeat(100)}deep **down**`} />);
    expect(container.querySelectorAll('blockquote').length).toBeLessThan(10);
    expect(container.textContent).toContain('deep **down**');
  });

  // Linear work takes a moment for a text of this length, and quadratic work an hour: the test's time-out tells them apart.
  const SIZE = 1_000_000;
  const units = [
    '*_',
    '*a ',
    '_a*',
    '>',
    '> ',
    '- ',
    '1. ',
    '- a\n',
    '```\n',
    '`',
    '[',
    '(https://',
    'a@',
    'www.',
    'a.',
    '))))',
  ];
  test.each([...units, '> a\n', '~~', 'https://a)', 'a_b-'])(
    'takes linear time, whatever the length: %j',
    (unit) => {
      const text = unit.repeat(SIZE / unit.length);
      const pieces = format(text);
      expect(pieces.map((piece) => ('text' in piece ? piece.text : '')).join('')).toBe(text);
    },
  );

  test.each([
    ['of 600 marks', '*_'.repeat(300), true],
    ['of 601', `${'*_'.repeat(300)}*`, false],
    ['of 20,000 characters', `**x** ${'word '.repeat(3_998)}abcd`, true],
    ['of 20,001', `**x** ${'word '.repeat(3_998)}abcde`, false],
  ])('is given to the parser up to a size: %s', (_, text, isParsed) => {
    const parse = vi.spyOn(MarkdownParser.prototype, 'startParse');
    format(text);
    expect(parse.mock.calls.length).toBe(isParsed ? 1 : 0);
    parse.mockRestore();
  });
});
