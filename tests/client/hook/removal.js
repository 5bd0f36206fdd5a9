// Removes from the database what a run of the checks made there, which no client can: its users, its rooms, and all that
// was said by the one or in the other.
import { spawnSync } from 'node:child_process';
import pg from 'pg';

/**
 * The statements, in an order that foreign keys allow.
 * @param {object} names
 * @param {string} names.own how chatoxide's own tables are named before their names; '' where there are none
 * @param {string} names.users a pattern of the users' ids @param {string} names.rooms and of the rooms' names
 */
export function removal({ own, users, rooms }) {
  const theirRooms = `(SELECT "id" FROM "Room" WHERE "name" LIKE '${rooms}')`;
  const bookkeeping = [
    `DELETE FROM ${own}read_marker WHERE user_id LIKE '${users}';`,
    `DELETE FROM ${own}room_log WHERE room_id IN ${theirRooms};`,
    `DELETE FROM ${own}room_head WHERE room_id IN ${theirRooms};`,
    `DELETE FROM ${own}room_detail WHERE room_id IN ${theirRooms};`,
    `DELETE FROM ${own}room_digest WHERE room_id IN ${theirRooms};`,
    `DELETE FROM ${own}delivery_marker WHERE user_id LIKE '${users}';`,
    `DELETE FROM ${own}user_setting WHERE user_id LIKE '${users}';`,
    `DELETE FROM ${own}mention_marker WHERE user_id LIKE '${users}';`,
    `DELETE FROM ${own}mention WHERE user_id LIKE '${users}' OR sender_id LIKE '${users}';`,
  ];
  // On SQLite the server removes rooms that are gone from the index: older programs of SQLite cannot open its words.
  const index = [
    `DELETE FROM ${own}search_message WHERE message_id IN`,
    `    (SELECT CAST("id" AS TEXT) FROM "Message" WHERE "senderId" LIKE '${users}' OR "roomId" IN ${theirRooms});`,
    `DELETE FROM ${own}search_room WHERE room_id IN ${theirRooms};`,
  ];
  return [
    ...(own === '' ? [] : bookkeeping),
    ...(own === 'chatoxide.' ? index : []),
    `DELETE FROM "Reaction" WHERE "userId" LIKE '${users}'`,
    `    OR "messageId" IN (SELECT "id" FROM "Message" WHERE "senderId" LIKE '${users}');`,
    `DELETE FROM "Message" WHERE "senderId" LIKE '${users}';`,
    `DELETE FROM "_RoomMembers" WHERE "B" LIKE '${users}';`,
    `DELETE FROM "Room" WHERE "name" LIKE '${rooms}';`,
    `DELETE FROM "User" WHERE "id" LIKE '${users}';`,
  ].join('\n');
}

/**
 * Why a database cannot be used; undefined when it can.
 * @param {string} url
 */
export async function whyUnusable(url) {
  try {
    await open(url, async () => {});
  } catch (error) {
    return error instanceof Error ? error.message || error.name : String(error);
  }
}

/**
 * Returns whether the run was there: false is another database than the server's.
 * @param {string} url @param {string} run how the names of all that the run made begin
 */
export async function remove(url, run) {
  const users = `${run}-%`;
  return open(url, async ({ isTrue, has, execute, prefix }) => {
    if (!(await isTrue(`SELECT count(*) > 0 AS it FROM "User" WHERE "id" LIKE '${users}';`))) return false;
    const own = (await isTrue(has('room_log'))) ? prefix : '';
    await execute(`BEGIN;\n${removal({ own, users, rooms: run })}\nCOMMIT;`);
    return true;
  });
}

/**
 * @typedef {object} Database
 * @property {string} prefix how chatoxide's own tables are named before their names
 * @property {(sql: string) => Promise<boolean>} isTrue the only column, `it`, of the only row
 * @property {(table: string) => string} has asks whether there is such a table of chatoxide's own
 * @property {(sql: string) => Promise<unknown>} execute
 */

/** @template T @param {string} url @param {(database: Database) => Promise<T>} work */
async function open(url, work) {
  if (/^postgres(ql)?:/.test(url)) return openPostgres(new URL(url), work);
  const file = /^(?:sqlite|file):(?:\/\/)?([^?]+)/.exec(url)?.[1];
  if (file === undefined) throw new Error('it does not begin with postgresql:, sqlite: or file:');
  return openSqlite(file, work);
}

/** @template T @param {URL} url @param {(database: Database) => Promise<T>} work */
async function openPostgres(url, work) {
  // Prisma's parameter, which the driver does not know.
  const schema = url.searchParams.get('schema') ?? 'public';
  url.searchParams.delete('schema');
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query('SELECT set_config($1, $2, false)', [
      'search_path',
      `"${schema.replaceAll('"', '""')}"`,
    ]);
    return await work({
      prefix: 'chatoxide.',
      isTrue: async (sql) => (await client.query(sql)).rows[0].it,
      has: (table) => `SELECT to_regclass('chatoxide.${table}') IS NOT NULL AS it;`,
      execute: (sql) => client.query(sql),
    });
  } finally {
    await client.end();
  }
}

/** @template T @param {string} file @param {(database: Database) => Promise<T>} work */
async function openSqlite(file, work) {
  /** @param {string} sql */
  const execute = async (sql) => {
    const args = ['-bail', '-batch', '-cmd', '.timeout 5000', `file:${encodeURI(file)}?mode=rw`];
    const { error, status, stdout, stderr } = spawnSync('sqlite3', args, { input: sql, encoding: 'utf8' });
    if (error) throw new Error(`sqlite3 cannot be started (${error.message})`);
    if (status !== 0) throw new Error(stderr.trim());
    return stdout.trim();
  };
  await execute('SELECT count(*) FROM sqlite_master;');
  return work({
    prefix: 'chatoxide_',
    isTrue: async (sql) => (await execute(sql)) === '1',
    has: (table) => `SELECT count(*) AS it FROM sqlite_master WHERE name = 'chatoxide_${table}';`,
    execute,
  });
}
