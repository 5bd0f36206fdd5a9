// The owner of a token: the page must see the same user as the server does.
import { expect, test } from 'vitest';
import { ownerOf } from '../src/core/token.js';

const tokenWith = (claims: unknown) => `x.${btoa(JSON.stringify(claims))}.x`;

test.each([
  [
    { sub: 'a', id: 'b' },
    { id: 'a', name: undefined },
  ],
  [
    { id: 'b', name: 'Ben' },
    { id: 'b', name: 'Ben' },
  ],
  [
    { userId: 7, name: 'Seven' },
    { id: '7', name: 'Seven' },
  ],
  [{ _id: '665f1c' }, { id: '665f1c', name: undefined }],
  [
    { user: { id: 'c' }, name: 'Cleo' },
    { id: 'c', name: 'Cleo' },
  ],
  [
    { sub: null, id: 'b', name: 7 },
    { id: 'b', name: undefined },
  ],
])('the first claim that is there is the user: %j', (claims, owner) => {
  expect(ownerOf(tokenWith(claims))).toEqual(owner);
});

test.each([{}, { uuid: 'x' }, { sub: {}, id: 'b' }, { id: 1.5 }, { user: 'x' }, null])(
  'a token that names no user has no owner: %j',
  (claims) => {
    expect(ownerOf(tokenWith(claims))).toBeNull();
  },
);
