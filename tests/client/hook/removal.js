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
  ];
  return [
    ...(own === '' ? [] : bookkeeping),
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

/** @param {string} url @param {string} run how the names of all that the run made begin */
export async function remove(url, run) {
  await open(url, async ({ has, execute, prefix }) => {
    const own = (await has('room_log')) ? prefix : '';
    await execute(`BEGIN;\n${removal({ own, users: `${run}-%`, rooms: run })}\nCOMMIT;`);
  });
}

/**
 * @typedef {object} Database
 * @property {string} prefix how chatoxide's own tables are named before their names
 * @property {(table: string) => Promise<boolean>} has whether there is such a table of chatoxide's own
 * @property {(sql: string) => Promise<unknown>} execute
 */

/** @param {string} url @param {(database: Database) => Promise<void>} work */
async function open(url, work) {
  if (/^postgres(ql)?:/.test(url)) return openPostgres(new URL(url), work);
  const file = /^(?:sqlite|file):(?:\/\/)?([^?]+)/.exec(url)?.[1];
  if (file === undefined) throw new Error('it does not begin with postgresql:, sqlite: or file:');
  return openSqlite(file, work);
}

/** @param {URL} url @param {(database: Database) => Promise<void>} work */
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
    await work({
      prefix: 'chatoxide.',
      has: async (table) => {
        const { rows } = await client.query('SELECT to_regclass($1) IS NOT NULL AS it', [
          `chatoxide.${table}`,
        ]);
        return rows[0].it;
      },
      execute: (sql) => client.query(sql),
    });
  } finally {
    await client.end();
  }
}

/** @param {string} file @param {(database: Database) => Promise<void>} work */
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
  await work({
    prefix: 'chatoxide_',
    has: async (table) =>
      (await execute(`SELECT count(*) FROM sqlite_master WHERE name = 'chatoxide_${table}';`)) === '1',
    execute,
  });
}
