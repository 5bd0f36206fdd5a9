// The outbox of unsent messages in IndexedDB. It is shared by pages that open and close, and it falls back to memory
// where the browser has no storage.
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import { BrowserOutbox, type Entry } from '../src/index.js';

const entry = (clientId: string, page: string, serial: number, at = 1): Entry => ({
  clientId,
  owner: 'server\nalice',
  page,
  serial,
  at,
  request: { roomId: 'general', content: clientId, clientId },
});

const ids = (entries: Entry[]) => entries.map(({ clientId }) => clientId);

/** A fake of the browser's Web Locks: each page takes its own lock and holds it until it releases it. */
function locksOf(alive: Set<string>): LockManager {
  return {
    request: async (name: string, hold: () => Promise<void>) => {
      alive.add(name);
      await hold();
      alive.delete(name);
    },
    query: () => Promise.resolve({ held: [...alive].map((name) => ({ name })) }),
  } as unknown as LockManager;
}

function opened(disk: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve) => {
    const request = disk.open('chatoxide', 1);
    request.onsuccess = () => resolve(request.result);
  });
}

describe('the outbox of a browser', () => {
  test('outlasts its page, in order, and is one user’s', async () => {
    const disk = new IDBFactory();
    const first = new BrowserOutbox('one', disk, undefined);
    await first.put(entry('b', 'one', 1));
    await first.put(entry('a', 'one', 0));
    await first.put({ ...entry('theirs', 'one', 2), owner: 'server\nbob' });
    await first.put(entry('gone', 'one', 3));
    await first.remove('gone');

    const second = new BrowserOutbox('two', disk, undefined);
    expect(ids(await second.take('server\nalice'))).toEqual(['a', 'b']);
    expect(second.isDurable).toBe(true);
  });

  test('leaves to a living page what is its own, and takes over from one that has ended', async () => {
    const [disk, alive] = [new IDBFactory(), new Set<string>()];
    const one = new BrowserOutbox('one', disk, locksOf(alive));
    const two = new BrowserOutbox('two', disk, locksOf(alive));
    await one.take('server\nalice');
    await one.put(entry('a', 'one', 0));
    expect(ids(await two.take('server\nalice'))).toEqual([]);
    expect(ids(await one.take('server\nalice'))).toEqual(['a']);
    alive.delete('chatoxide-page:one');
    expect(ids(await two.take('server\nalice'))).toEqual(['a']);
    const three = new BrowserOutbox('three', disk, locksOf(alive));
    expect(ids(await three.take('server\nalice')), 'it is the second’s now').toEqual([]);
  });

  test('belongs to every page where the browser refuses to tell which are there', async () => {
    const disk = new IDBFactory();
    const refusing = {
      request: () => Promise.reject(new DOMException('not here', 'SecurityError')),
      query: () => Promise.reject(new DOMException('not here', 'SecurityError')),
    } as unknown as LockManager;
    await new BrowserOutbox('one', disk, refusing).put(entry('a', 'one', 0));
    expect(ids(await new BrowserOutbox('two', disk, refusing).take('server\nalice'))).toEqual(['a']);
  });

  test('is one in memory, and says so, where the browser will not keep anything', async () => {
    const refusing = {
      open: () => {
        throw new DOMException('not here', 'SecurityError');
      },
    } as unknown as IDBFactory;
    const outbox = new BrowserOutbox('one', refusing, undefined);
    await outbox.put(entry('a', 'one', 0));
    expect(outbox.isDurable).toBe(false);
    expect(ids(await outbox.take('server\nalice'))).toEqual(['a']);
    await outbox.remove('a');
    expect(await outbox.take('server\nalice')).toEqual([]);
  });

  test('leaves what waits to others when it is closed, though its tab lives on', async () => {
    const [disk, alive] = [new IDBFactory(), new Set<string>()];
    const one = new BrowserOutbox('one', disk, locksOf(alive));
    await one.take('server\nalice');
    await one.put(entry('a', 'one', 0));
    one.close();
    await vi.waitFor(() => expect([...alive]).toEqual([]));

    const two = new BrowserOutbox('two', disk, locksOf(alive));
    expect(ids(await two.take('server\nalice'))).toEqual(['a']);
    expect(ids(await one.take('server\nalice')), 'the second’s now').toEqual([]);
    expect([...alive], 'it has begun anew').toEqual(['chatoxide-page:two', 'chatoxide-page:one']);
  });

  test('goes on in memory when the browser does not answer, and on the disk when it does', async () => {
    const disk = new IDBFactory();
    await new BrowserOutbox('gone', disk, undefined).put(entry('before', 'gone', 0));
    vi.useFakeTimers();
    try {
      const request = {} as IDBOpenDBRequest;
      const silent = { open: () => request } as unknown as IDBFactory;
      const outbox = new BrowserOutbox('one', silent, undefined);
      const isPut = vi.fn();
      void outbox.put(entry('a', 'one', 0, 2)).then(isPut);
      await vi.advanceTimersByTimeAsync(4_000);
      expect(isPut).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(isPut).toHaveBeenCalled();
      expect(outbox.isDurable).toBe(false);
      expect(ids(await outbox.take('server\nalice'))).toEqual(['a']);

      vi.useRealTimers();
      Object.defineProperty(request, 'result', { value: await opened(disk) });
      request.onsuccess?.(new Event('success'));
      expect(ids(await outbox.take('server\nalice'))).toEqual(['before', 'a']);
      expect(outbox.isDurable).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
