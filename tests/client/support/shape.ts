// Compares what the server says with tests/fixtures/protocol; the rules stand in that folder's README.md.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface Fixture {
  file: string;
  event?: string;
  ack?: string;
  request?: string;
  example: unknown;
  nullable: string[];
  optional: string[];
  any: string[];
}

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/protocol');
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const all: Fixture[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => ({
    ...(JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Fixture),
    file: file.replace('.json', ''),
  }));

/** The fixtures of the server's events and acks. */
export const fixtures = all.filter(({ request }) => request === undefined);

/** The fixtures of the client's requests. */
export const requests = all.filter(({ request }) => request !== undefined);

/** The fixtures that something was compared with. */
export const seen = new Set<string>();

const byFile = new Map(fixtures.map((fixture) => [fixture.file, fixture]));

/** The file name of an event. */
export const fileOf = (name: string) => name.replace(/[:-]/g, '_');

function fixtureOfAck(event: string, answer: unknown): Fixture | undefined {
  const { success, chunk } = (answer ?? {}) as { success?: boolean; chunk?: object };
  if (chunk) return byFile.get('ack_chunk');
  const refused = success === false;
  const own = `ack_${fileOf(event)}${refused ? '_refused' : ''}`;
  return byFile.get(own) ?? byFile.get(refused ? 'ack_refused' : 'ack_done');
}

/** The fixture that describes the event. */
export function fixtureOfEvent(event: string): Fixture | undefined {
  return byFile.get(fileOf(event));
}

/** The differences between the argument of an event and its fixture. */
export function eventFaults(event: string, args: unknown[]): string[] {
  const fixture = fixtureOfEvent(event);
  if (!fixture) return [`${event} has no fixture`];
  if (args.length !== 1) return [`${event} came with ${args.length} arguments`];
  return faults(fixture, args[0]);
}

/** The differences between an ack and its fixture. */
export function ackFaults(event: string, answer: unknown): string[] {
  const fixture = fixtureOfAck(event, answer);
  return fixture ? faults(fixture, answer) : [`no fixture for the ack of ${event}`];
}

/** The differences between a value and a fixture, one line each. Empty when they agree. */
export function faults(fixture: Fixture, value: unknown): string[] {
  const found: string[] = [];
  seen.add(fixture.file);
  compare(fixture, fixture.example, value, '', found);
  return found.map((fault) => `${fixture.file}: ${fault}`);
}

function compare(fixture: Fixture, example: unknown, value: unknown, place: string, found: string[]): void {
  const wrong = (expected: string) => found.push(`${place || 'it'} is ${show(value)}, not ${expected}`);
  if (fixture.any.includes(place)) return;
  if (value === null && fixture.nullable.includes(place)) return;
  if (typeof example === 'string') {
    if (typeof value !== 'string') wrong('text');
    else if (DATE.test(example) && !DATE.test(value)) wrong('a date with three digits and Z');
  } else if (typeof example === 'number') {
    if (typeof value !== 'number') wrong('a number');
  } else if (typeof example === 'boolean' || example === null) {
    if (value !== example) wrong(show(example));
  } else if (Array.isArray(example)) {
    if (!Array.isArray(value)) wrong('an array');
    else if (example.length === 0 && value.length > 0) wrong('empty');
    else value.forEach((item) => compare(fixture, example[0], item, `${place}[]`, found));
  } else if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong('an object');
  } else {
    compareKeys(fixture, example as object, value, place, found);
  }
}

function compareKeys(fixture: Fixture, example: object, value: object, place: string, found: string[]): void {
  for (const [key, item] of Object.entries(example)) {
    const inner = place ? `${place}.${key}` : key;
    if (key in value) compare(fixture, item, (value as Record<string, unknown>)[key], inner, found);
    else if (!fixture.optional.includes(inner)) found.push(`${inner} is missing`);
  }
  for (const key of Object.keys(value)) {
    if (!(key in example)) found.push(`${place ? `${place}.` : ''}${key} is in no fixture`);
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

/** The example with one thing wrong, for each top-level thing that can be. */
export function changes({ example, optional, any }: Fixture): [string, unknown][] {
  const whole = example as Record<string, unknown>;
  const changed: [string, unknown][] = [['a new key', { ...whole, unheardOf: 1 }]];
  for (const key of Object.keys(whole)) {
    const without = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
    if (!optional.includes(key)) changed.push([`without ${key}`, without]);
    if (!any.includes(key)) changed.push([`${key} of no type`, { ...whole, [key]: Symbol.for('x') }]);
  }
  return [...changed, ['nothing', undefined], ['null', null], ['an array', [whole]]];
}
