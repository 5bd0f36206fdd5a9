// The types of the wire against what the server says, by example: tests/fixtures/protocol.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

interface Fixture {
  event?: string;
  ack?: string;
  example: unknown;
  nullable: string[];
  optional: string[];
}

const FOLDER = path.resolve(import.meta.dirname, '../../../tests/fixtures/protocol');
const PROTOCOL = path.resolve(import.meta.dirname, '../src/protocol.ts');

const fixtures = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    name: file.replace('.json', ''),
    ...(JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Fixture),
  }));

/** The type of what a fixture shows. */
function typeOf({ name, event, ack }: (typeof fixtures)[number]): string {
  if (event) return `Parameters<ServerToClientEvents['${event}']>[0]`;
  if (name === 'ack_messages_load_refused') return 'Refused & { messages: [] }';
  if (name.endsWith('refused')) return 'Refused';
  if (ack === '*') return 'Done';
  return `Exclude<Parameters<NonNullable<Parameters<ClientToServerEvents['${ack}']>[1]>>[0], Refused>`;
}

/** A value, with what is at each of these places changed. */
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

/** What the compiler says of constants of these types. */
function compile(constants: { type: string; value: unknown }[]): string[] {
  const text = [
    `import type { ClientToServerEvents, Done, Refused, ServerToClientEvents } from './protocol.js';`,
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
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
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
      const keys = Object.keys(fixture.example as object);
      return keys.map((key) => {
        const { [key]: value, ...others } = fixture.example as Record<string, unknown>;
        return { type: typeOf(fixture), value: { ...others, [`${key}Renamed`]: value } };
      });
    });
    expect(wrong.length).toBeGreaterThan(60);
    expect(compile(wrong).length).toBeGreaterThanOrEqual(wrong.length);
  });

  test('have a name for every event, and no name that the server does not say', () => {
    const text = readFileSync(PROTOCOL, 'utf8');
    const names = [...text.matchAll(/^ {2}'([a-z]+:[a-z-]+)': \(/gm)].map(([, name]) => name);
    const events = fixtures.flatMap(({ event }) => event ?? []);
    const acks = fixtures.flatMap(({ ack }) => (ack && ack !== '*' ? ack : []));
    expect(names).toEqual(expect.arrayContaining([...events, ...acks]));
    const asked = text.slice(text.indexOf('interface ClientToServerEvents'));
    const said = names.filter((name) => name && !asked.includes(`'${name}'`));
    expect(said.sort()).toEqual(events.sort());
  });
});
