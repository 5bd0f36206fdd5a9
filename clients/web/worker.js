// The service worker of the page. It keeps the page and its hashed files, and nothing else: no answer of the API, no socket.
// With a network the page itself always comes from the server, so that an upgrade is there at once. The build writes the
// version and the names of the files (worker.ts).
const VERSION = '__VERSION__';
const FILES = __FILES__;
const PREFIX = 'chatoxide-page-';
const CACHE = PREFIX + VERSION;

addEventListener('install', (event) => {
  event.waitUntil(keep());
});

addEventListener('activate', (event) => {
  event.waitUntil(removeOlder());
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate' && pathname === '/') event.respondWith(page(request));
  else if (FILES.includes(pathname)) event.respondWith(file(request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache, which may have the page of an earlier version.
  const response = await fetch('/', { cache: 'reload' });
  const text = await response.clone().text();
  // Another node may still have an earlier version, and a proxy a page of its own. The browser tries again later.
  const isOurs = response.ok && !response.redirected && FILES.some((name) => text.includes(name));
  if (!isOurs) throw new Error('This is not the page of this version');
  await cache.addAll(FILES);
  await cache.put('/', response);
  // All tabs use the newest worker: with a network it changes nothing for them.
  await skipWaiting();
}

async function removeOlder() {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(older.map((name) => caches.delete(name)));
}

/** The server's page; the kept one if the server does not answer, or a proxy answers in its place. */
async function page(request) {
  try {
    const response = await fetch(request);
    if (![502, 503, 504].includes(response.status)) return response;
    return (await kept('/')) ?? response;
  } catch (error) {
    const response = await kept('/');
    if (response) return response;
    throw error;
  }
}

/** The name of such a file changes with its content: a kept one is never out of date. */
async function file(request) {
  return (await kept(request)) ?? fetch(request);
}

async function kept(request) {
  const cache = await caches.open(CACHE);
  return cache.match(request, { ignoreVary: true });
}
