// docs/asyncapi.json: a sound AsyncAPI document, whose schemas agree with the fixtures of the wire.
import { Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Fixture, changes, fixtures, requests } from '../support/shape';

type Json = Record<string, unknown>;

const TEXT = readFileSync(path.resolve(import.meta.dirname, '../../../docs/asyncapi.json'), 'utf8');
const DOCUMENT = JSON.parse(TEXT) as { components: { messages: Record<string, Json>; schemas: Json } };

// The pulse carries nothing, and clients do not look at it.
const FILES = [...fixtures, ...requests]
  .filter(({ file }) => file !== 'server_pulse')
  .map((fixture) => [fixture.file, fixture] as const);

// The document leaves this open: one refusal for all events, marks from before `seq`, one of two keys, and the many forms
// of a date.
const LEFT_OPEN: Record<string, string> = {
  ack_messages_load_refused: 'without messages',
  room_user_read: 'without seq',
  request_messages_load: 'before of no type',
  request_presence_list: 'without userIds',
  request_status_set: 'clearAt of no type',
};

test('the parser of AsyncAPI finds no fault in the document', async () => {
  const { document, diagnostics } = await new Parser().parse(TEXT);

  expect(diagnostics.filter(({ severity }) => Number(severity) === 0)).toEqual([]);
  expect(document?.operations().length).toBeGreaterThan(50);
});

describe('the schema of', () => {
  test.each(FILES)('%s accepts what its fixture shows', (_, fixture) => {
    const isValid = validator(fixture);
    const forms = [fixture.example, withoutOptional(fixture.example, fixture.optional)] as Json[];
    const shown = forms.find((form) => isValid(form));
    const top = fixture.nullable.filter((place) => !/[.[]/.test(place));

    expect(shown, JSON.stringify(isValid.errors)).toBeDefined();
    expect(top.filter((place) => !isValid({ ...shown, [place]: null }))).toEqual([]);
  });

  test.each(FILES)('%s refuses what its fixture refuses', (file, fixture) => {
    const isValid = validator(fixture);
    const wrong = changes(fixture).filter(([what]) => what !== LEFT_OPEN[file]);
    // The server does not look at what it does not know.
    const refused = fixture.request ? wrong.filter(([what]) => what !== 'a new key') : wrong;

    expect(refused.filter(([, value]) => isValid(value)).map(([what]) => what)).toEqual([]);
  });
});

// Compiles the schema of what a fixture shows. Of what the server says, keys that the schema does not name are refused.
function validator({ event, request, ack = '', example }: Fixture) {
  const { messages, schemas } = DOCUMENT.components;
  const name = (event ?? request ?? ack).replace(':', '.');
  const answer = (example as Json).success === false ? 'refused' : `ack.${ack === '*' ? 'room.join' : name}`;
  const { payload } = messages[event ? `server.${name}` : request ? `client.${name}` : answer];
  const schema = { ...(payload as Json), components: { schemas } };
  const ajv = new Ajv({ strict: false, validateFormats: false });
  return ajv.compile((request ? schema : closed(schema)) as Json);
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  // Each alternative stands beside the properties that all of them share.
  const { properties, anyOf, ...rest } = schema as { properties?: Json; anyOf?: { properties?: Json }[] };
  if (properties && anyOf) {
    const whole = anyOf.map((one) => ({ ...one, properties: { ...properties, ...one.properties } }));
    return closed({ ...rest, anyOf: whole });
  }
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const);
  const isObject = 'properties' in schema && typeof schema.properties === 'object';
  return { ...Object.fromEntries(entries), ...(isObject && { additionalProperties: false }) };
}

// Some fixtures leave room for what other servers say. An ack always has its success.
function withoutOptional(value: unknown, optional: string[], place = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutOptional(item, optional, `${place}[]`));
  if (typeof value !== 'object' || value === null) return value;
  const at = (key: string) => (place ? `${place}.${key}` : key);
  const kept = Object.entries(value).filter(([key]) => key === 'success' || !optional.includes(at(key)));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutOptional(inner, optional, at(key))]));
}
