// @vitest-environment jsdom
// Where the list stands, when sizes are learnt on the way and the reader scrolls, too.
import type { VListHandle } from 'virtua';
import { expect, test } from 'vitest';
import { Place } from '../../src/component/place.js';
import type { Row } from '../../src/component/rows.js';
import { message, NOON } from './samples.js';

const HEIGHT = 600;

/** Twenty rows that are taken for 40 pixels high each, in a view of 600. */
function aPlace() {
  const sizes = Array.from({ length: 20 }, () => 40);
  const offsetOf = (index: number) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
  const frame = document.createElement('div');
  const scroller = document.createElement('div');
  scroller.className = 'chat-scroller';
  frame.append(scroller);
  const list = {
    viewportSize: HEIGHT,
    scrollOffset: 0,
    get scrollSize() {
      return offsetOf(sizes.length);
    },
    getItemOffset: offsetOf,
    getItemSize: (index: number) => sizes[index] ?? 0,
  };
  const rows = sizes.map((_, index): Row => {
    const key = `m${index}`;
    return { kind: 'message', key, message: message(key, NOON), isFirst: true };
  });
  const place = new Place();
  place.attach(list as unknown as VListHandle);
  place.lay(rows, frame);
  return {
    place,
    top: () => scroller.scrollTop,
    draw: (key: string) => {
      const row = document.createElement('article');
      row.dataset.messageKey = key;
      scroller.append(row);
    },
    measure: (height: number) => {
      sizes.fill(height);
      place.keep();
    },
    /** The browser tells of what was scrolled, last by the reader if that is said. */
    tell: (top = scroller.scrollTop) => {
      scroller.scrollTop = list.scrollOffset = top;
      place.scrolled();
    },
  };
}

test('it stays at the end while sizes are learnt, until the reader scrolls', () => {
  const { place, top, measure, tell } = aPlace();
  place.keep();
  expect(top()).toBe(200);
  tell();
  measure(50);
  expect(top()).toBe(400);
  tell();
  tell(100);
  measure(60);
  expect(top()).toBe(100);
});

test('it goes to a row until that has been drawn, and has its size', () => {
  const { place, top, draw, measure, tell } = aPlace();
  place.go({ key: 'm3', align: 'start' });
  expect(top()).toBe(120);
  tell();
  expect(place.approach()).toBe(true);
  draw('m3');
  expect(place.approach()).toBe(true);
  measure(50);
  expect(top()).toBe(150);
  expect(place.approach()).toBe(true);
  tell();
  expect([place.approach(), place.approach(), place.approach()]).toEqual([true, true, false]);
  // Now it is the reader's.
  measure(60);
  expect(top()).toBe(150);
});

test('a row that is near the end, or in the middle, is as high as can be', () => {
  const { place, top } = aPlace();
  place.go({ key: 'm19', align: 'start' });
  expect(top()).toBe(200);
  place.go({ key: 'm10', align: 'center' });
  expect(top()).toBe(120);
});

test('scrolling on the way to a row cancels the jump', () => {
  const { place, top, measure, tell } = aPlace();
  place.go({ key: 'm4', align: 'start' });
  tell();
  tell(20);
  expect(place.approach()).toBe(false);
  measure(50);
  expect(top()).toBe(20);
});
