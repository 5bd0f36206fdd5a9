// Checks the protocol's types against the sample payloads of both directions in tests/fixtures/protocol.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

interface Fixture {
  event?: string;
  ack?: string;
  request?: string;
  example: unknown;
  nullable: string[];
  optional: string[];
  any: string[];
}

const FOLDER = path.resolve(import.meta.dirname, '../../../tests/fixtures/protocol');
const PROTOCOL = path.resolve(import.meta.dirname, '../src/core/protocol.ts');
const THREADS = path.resolve(import.meta.dirname, '../src/core/threads.ts');

const fixtures = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    name: file.replace('.json', ''),
    ...(JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Fixture),
  }));

/** The type of a fixture's payload. */
function typeOf({ name, event, ack, request }: (typeof fixtures)[number]): string {
  if (request) return `Parameters<ClientToServerEvents['${request}']>[0]`;
  if (event) return `Parameters<ServerToClientEvents['${event}']>[0]`;
  if (name === 'ack_messages_load_refused') return 'Refused & { messages: [] }';
  if (name === 'ack_chunk') return 'Done<{ chunk: ChunkProgress }>';
  if (name.endsWith('refused')) return 'Refused';
  if (ack === '*') return 'Done';
  return `Exclude<Parameters<NonNullable<Parameters<ClientToServerEvents['${ack}']>[1]>>[0], Refused>`;
}

/** A copy of a value. `change` is applied to it at each of these paths. */
function changed(
  value: unknown,
  places: string[],
  change: (owner: Record<string, unknown>, key: string) => void,
) {
  const copy = structuredClone(value);
  for (const place of places) {
    const steps = place.split('.');
    let owners = [copy as Record<string, unknown>];
    for (const step of steps.slice(0, -1)) {
      owners = owners.flatMap((owner) => {
        const next = owner[step.replace('[]', '')];
        return (step.endsWith('[]') ? next : [next]) as Record<string, unknown>[];
      });
    }
    for (const owner of owners) if (owner) change(owner, steps.at(-1) ?? '');
  }
  return copy;
}

interface Constant {
  type: string;
  value: unknown;
}

/** The compiler's errors for constants of these types. Each constant is on a line of its own. */
function compile(constants: Constant[]): { line: number; fault: string }[] {
  const text = [
    `import type { ChunkProgress, ClientToServerEvents, Done, Refused, ServerToClientEvents } from './protocol.js';`,
    ...constants.map(
      ({ type, value }, index) => `export const c${index}: ${type} = ${JSON.stringify(value)};`,
    ),
  ].join('\n');
  const file = path.join(path.dirname(PROTOCOL), 'fixtures_of_test.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (name) => name === file || disk.fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
      : disk.getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => ({
    line: file?.getLineAndCharacterOfPosition(start).line ?? 0,
    fault: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}

/** The constants that the types accept. */
function taken(constants: Constant[]): Constant[] {
  // The first line imports the types.
  const refused = new Set(compile(constants).map(({ line }) => line - 1));
  return constants.filter((_, index) => !refused.has(index));
}

const withArgument = fixtures.filter(({ event }) => event !== 'server:pulse');

describe('the types of the wire', () => {
  test('take every example, also with null and without what may be missing', () => {
    const constants = withArgument.flatMap((fixture) => {
      const type = typeOf(fixture);
      const empty = changed(
        fixture.example,
        [...fixture.nullable].reverse(),
        (owner, key) => (owner[key] = null),
      );
      const short = changed(fixture.example, fixture.optional, (owner, key) => delete owner[key]);
      return [fixture.example, empty, short].map((value) => ({ type, value }));
    });
    expect(compile(constants)).toEqual([]);
  });

  test('know each key by its name', () => {
    const wrong = withArgument.flatMap((fixture) => {
      if (typeof fixture.example === 'string')
        return [{ type: typeOf(fixture), value: { renamed: fixture.example } }];
      return Object.keys(fixture.example as object).map((key) => {
        const { [key]: value, ...others } = fixture.example as Record<string, unknown>;
        return { type: typeOf(fixture), value: { ...others, [`${key}Renamed`]: value } };
      });
    });
    expect(wrong.length).toBeGreaterThan(90);
    expect(taken(wrong)).toEqual([]);
  });

  test('have no key that no example shows', () => {
    const whole = withArgument
      .filter(({ example }) => typeof example === 'object')
      .map((fixture) => ({
        type: `Record<string, unknown> & Record<keyof (${typeOf(fixture)}), unknown>`,
        value: fixture.example,
      }));
    expect(compile(whole)).toEqual([]);
  });

  test('want what a client must say, and null only where the server takes it', () => {
    const wrong = fixtures
      .filter(({ request }) => request)
      .flatMap((fixture) => {
        const { example, nullable, optional, any } = fixture;
        const keys = typeof example === 'string' ? [] : Object.keys(example as object);
        const missing = keys
          .filter((key) => !optional.includes(key))
          .map((key) => changed(example, [key], (owner) => delete owner[key]));
        const empty = keys
          .filter((key) => ![...nullable, ...any].includes(key))
          .map((key) => changed(example, [key], (owner) => (owner[key] = null)));
        return [null, ...missing, ...empty].map((value) => ({ type: typeOf(fixture), value }));
      });
    expect(wrong.length).toBeGreaterThan(40);
    expect(taken(wrong)).toEqual([]);
  });

  test('have a name for every event, and no name that the server does not know', () => {
    // The events about threads that a client sends stand in a file of their own.
    const text = [PROTOCOL, THREADS].map((file) => readFileSync(file, 'utf8')).join('');
    const names = [...text.matchAll(/^ {2}'([a-z]+:[a-z-]+)': \(/gm)].map(([, name]) => name);
    const events = fixtures.flatMap(({ event }) => event ?? []);
    const acks = fixtures.flatMap(({ ack }) => (ack && ack !== '*' ? ack : []));
    const requests = fixtures.flatMap(({ request }) => request ?? []);
    expect(requests).toEqual(expect.arrayContaining(acks));
    const asked = text.slice(text.indexOf('interface ClientToServerEvents'));
    const isAsked = (name = '') => asked.includes(`'${name}'`);
    expect(names.filter((name) => !isAsked(name)).sort()).toEqual(events.sort());
    expect(names.filter(isAsked).sort()).toEqual(requests.sort());
  });
});
