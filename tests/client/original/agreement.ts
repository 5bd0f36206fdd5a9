// Whether one server says at least what another says: the same events in the same order, with at least the same keys, the
// same types and the same values, but for ids and times, which are named alike in both first.
import type { Line } from './crowd';

/** Items that must all be there, in this order, perhaps with others between; and items that must not be there. */
export class Among {
  constructor(
    readonly items: unknown[],
    readonly never: unknown[] = [],
  ) {}
}

/** A placeholder that matches any non-empty string. */
export const TEXT = Symbol('some text');

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The lines with new ids and new dates replaced by names: the same message has the same name in both records. */
export function named(lines: Line[], since: number): Line[] {
  const ids = new Map<string, string>();
  const created = new Map<string, unknown>();
  for (const { what, value } of lines) {
    const { message } = value as { message?: { id: string; createdAt: string } };
    if (what !== 'ack message:send' || !message) continue;
    ids.set(message.id, `<message ${ids.size + 1}>`);
    created.set(message.id, message.createdAt);
  }
  const name = (value: unknown, key = '', of?: unknown): unknown => {
    if (typeof value === 'string') {
      if (!DATE.test(value) || Date.parse(value) < since) return ids.get(value) ?? value;
      return key === 'createdAt' && created.get(of as string) === value ? '<when it was sent>' : '<now>';
    }
    if (Array.isArray(value)) return value.map((item) => name(item));
    if (typeof value !== 'object' || value === null) return value;
    const { id } = value as { id?: unknown };
    return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, name(item, inner, id)]));
  };
  return lines.map((line) => ({ ...line, value: name(line.value) }));
}

/** Compares recursively: returns one line for each part of `theirs` that `ours` does not have. */
export function lacking(theirs: unknown, ours: unknown, place = 'it'): string[] {
  const differs = () => [`${place} is ${show(ours)}, not ${show(theirs)}`];
  if (theirs === TEXT) return typeof ours === 'string' && ours !== '' ? [] : differs();
  if (theirs instanceof Among) return Array.isArray(ours) ? missing(theirs, ours, place) : differs();
  if (typeof theirs !== 'object' || theirs === null) return Object.is(theirs, ours) ? [] : differs();
  if (typeof ours !== 'object' || ours === null || Array.isArray(theirs) !== Array.isArray(ours)) {
    return differs();
  }
  if (Array.isArray(theirs) && theirs.length !== (ours as unknown[]).length) {
    return [`${place} has ${(ours as unknown[]).length} items, not ${theirs.length}`];
  }
  return Object.entries(theirs).flatMap(([key, value]) =>
    key in ours
      ? lacking(value, (ours as Record<string, unknown>)[key], `${place}.${key}`)
      : [`${place}.${key} is missing`],
  );
}

/** The lines of `theirs` that do not occur in `ours` in the same order. */
export function unheard(theirs: Line[], ours: Line[]): string[] {
  const found: string[] = [];
  let from = 0;
  for (const { step, who, what, value } of theirs) {
    const rest = ours.slice(from);
    const index = rest.findIndex((line) => line.what === what && lacking(value, line.value).length === 0);
    if (index >= 0) {
      from += index + 1;
      continue;
    }
    const near = rest.find((line) => line.what === what);
    const why = near ? lacking(value, near.value).join('; ') : 'it does not come';
    found.push(`${step}: ${who} hears ${what}: ${why}`);
  }
  return found;
}

function missing({ items, never }: Among, all: unknown[], place: string): string[] {
  const found: string[] = [];
  let from = 0;
  for (const item of items) {
    const index = all.slice(from).findIndex((other) => lacking(item, other).length === 0);
    if (index < 0) found.push(`${place} lacks ${show(item)}`);
    else from += index + 1;
  }
  const stale = never.filter((item) => all.some((other) => lacking(item, other).length === 0));
  return [...found, ...stale.map((item) => `${place} has ${show(item)}`)];
}

function show(value: unknown): string {
  return typeof value === 'symbol' ? (value.description ?? '') : (JSON.stringify(value) ?? 'nothing');
}
