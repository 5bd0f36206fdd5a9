// A server and the people who have its page open, in browsers of their own; gone, each of them, when their test ends.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Backend } from '../support/databases';
import { type SeedUser, seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { type Device, launch, Person, type Tab } from './pages';

/** A story in browsers may take so long, in milliseconds. */
export const LONG = 180_000;

const USERS: SeedUser[] = [
  { id: 'alice', name: 'Alice' },
  { id: 'bob', name: 'Bob' },
  { id: 'carol', name: 'Carol' },
];

export class Party {
  private browser: Browser | undefined;
  private current: Server | undefined;
  private people: Person[] = [];
  private serial = 0;

  constructor(
    private readonly backend: Backend,
    private readonly settings: Record<string, string>,
    private readonly users: SeedUser[],
  ) {}

  get server(): Server {
    if (!this.current) throw new Error('the server has not started');
    return this.current;
  }

  async begin(): Promise<void> {
    this.current = await Server.start(this.backend, this.settings);
    await seedUsers(this.server.database, this.users);
    this.browser = await launch();
  }

  async end(): Promise<void> {
    await this.browser?.close();
    await this.current?.remove();
  }

  /** Everybody leaves; no page had a fault. */
  async leave(): Promise<void> {
    const faults = this.people.flatMap((person) => person.faults.map((fault) => `${person.name}: ${fault}`));
    await Promise.all(this.people.map((person) => person.context.close()));
    this.people = [];
    expect(faults).toEqual([]);
  }

  /** A public room of a test's own, of which all are members; its id is its name in lower case. */
  async room(name: string): Promise<string> {
    const id = `${name.toLowerCase()}-${(this.serial += 1)}`;
    const members = this.users.map((user) => user.id);
    await seedRoom(this.server.database, { id, name, type: 'public', members });
    return id;
  }

  async person(
    name: string,
    device: Device = 'desktop',
    url = this.server.url,
    keepsPage = false,
  ): Promise<Person> {
    if (!this.browser) throw new Error('the browser has not started');
    const made = await Person.create(this.browser, url, name, device, keepsPage);
    this.people.push(made);
    return made;
  }

  async alone(name: string, room: string, device: Device = 'desktop', url?: string): Promise<Tab> {
    return (await this.person(name, device, url)).open(room);
  }

  /** Alice and Bob in a room. */
  two(room: string): Promise<[Tab, Tab]> {
    return Promise.all([this.alone('Alice', room), this.alone('Bob', room)]);
  }
}

/** The party of the enclosing `describe`. Anybody on this machine may sign in, if the settings do not say who. */
export function aParty(
  backend: Backend,
  settings: Record<string, string> = { JWT_SECRET: '', DEMO: 'true' },
  users = USERS,
): Party {
  const party = new Party(backend, settings, users);
  beforeAll(() => party.begin());
  afterAll(() => party.end());
  afterEach(() => party.leave());
  return party;
}
