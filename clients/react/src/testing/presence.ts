// Presence and statuses, as the server in memory keeps them. A change is told at once.
import { ChatError } from '../core/errors.js';
import type { NewStatus, Status, UserPresence } from '../core/protocol.js';
import type { Peer } from './peer.js';
import type { World } from './world.js';

const LONGEST = 366 * 24 * 60 * 60 * 1000;

export class Presences {
  private readonly lastSeen = new Map<string, string>();
  private readonly online = new Set<string>();
  private readonly statuses = new Map<string, Status>();
  private readonly hidden = new Set<string>();

  constructor(private readonly world: World) {}

  isHidden(userId: string): boolean {
    return this.hidden.has(userId);
  }

  hide(userId: string, isHidden: boolean): void {
    if (isHidden === this.isHidden(userId)) return;
    if (isHidden) this.hidden.add(userId);
    else this.hidden.delete(userId);
    if (this.world.isOnline(userId)) this.world.tellPresence(userId);
    this.changed(userId);
  }

  setStatus(userId: string, { text, emoji, clearAt }: NewStatus): Status | null {
    const end = clearAt ? new Date(clearAt) : undefined;
    const lead = end ? end.getTime() - this.world.now() : 1;
    if (lead <= 0 || lead > LONGEST)
      throw new ChatError('bad_input', 'clearAt: expected a time within the next 366 days');
    const status: Status = {
      ...(text?.trim() && { text: text.trim() }),
      ...(emoji?.trim() && { emoji: emoji.trim() }),
    };
    if (Object.keys(status).length === 0) this.statuses.delete(userId);
    else this.statuses.set(userId, { ...status, ...(end && { clearAt: end.toISOString() }) });
    this.changed(userId);
    return this.statuses.get(userId) ?? null;
  }

  /** A device of the user came, went or has said something, or the user has. */
  changed(userId: string): void {
    const isOnline = this.stateOf(userId) === 'online';
    if (!isOnline && this.online.has(userId))
      this.lastSeen.set(userId, new Date(this.world.now()).toISOString());
    if (isOnline) this.online.add(userId);
    else this.online.delete(userId);
    for (const peer of this.world.peers) {
      const last = peer.presences.get(userId);
      if (last === undefined || !this.maySee(peer, userId)) continue;
      const user = this.shownTo(peer, userId);
      if (last === JSON.stringify(user)) continue;
      peer.presences.set(userId, JSON.stringify(user));
      peer.hear('presence:update', { users: [user] });
    }
  }

  list(peer: Peer, userIds: string[]): UserPresence[] {
    const shown = [...new Set(userIds)].filter((userId) => this.maySee(peer, userId)).sort();
    return shown.map((userId) => this.shownTo(peer, userId));
  }

  ofRoom(peer: Peer, roomId: string): UserPresence[] {
    const { members } = this.world.entered(peer, roomId);
    if (!members.has(peer.user.id)) throw new ChatError('forbidden', 'You are not a member of this room');
    return this.list(peer, [...members]);
  }

  watch(peer: Peer, userIds: string[]): UserPresence[] {
    const users = this.list(peer, userIds);
    peer.presences = new Map(users.map((user) => [user.userId, JSON.stringify(user)]));
    return users;
  }

  private maySee({ user }: Peer, userId: string): boolean {
    return user.id === userId || this.world.sharesRoom(user.id, userId);
  }

  private shownTo({ user }: Peer, userId: string): UserPresence {
    if (this.isHidden(userId) && user.id !== userId) return { userId, state: 'offline' };
    const state = this.stateOf(userId);
    const lastSeenAt = state === 'online' ? undefined : this.lastSeen.get(userId);
    const status = this.statuses.get(userId);
    const isOver = status?.clearAt !== undefined && new Date(status.clearAt).getTime() <= this.world.now();
    return { userId, state, ...(lastSeenAt && { lastSeenAt }), ...(status && !isOver && { status }) };
  }

  private stateOf(userId: string): UserPresence['state'] {
    const devices = [...this.world.peers].filter(({ user }) => user.id === userId);
    if (devices.length === 0) return 'offline';
    return devices.some(({ isAway }) => !isAway) ? 'online' : 'away';
  }
}
