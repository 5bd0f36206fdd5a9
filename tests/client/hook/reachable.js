// Asks whether anything answers at a URL, before any check waits for it.
import http from 'node:http';
import https from 'node:https';

/**
 * Why the server cannot be reached; undefined when it can. Any status is an answer.
 * @param {string} url @param {string} path where Socket.IO is @param {number} millis the longest that the answer may take
 * @returns {Promise<string | undefined>}
 */
export function whyUnreachable(url, path, millis) {
  // Not `fetch`: it follows the browsers' list of forbidden ports, which Socket.IO in Node does not.
  const { get } = url.startsWith('https:') ? https : http;
  return new Promise((resolve) => {
    // Socket.IO refuses this at once, and makes no session. On a server with nothing else, `/` is never answered.
    const request = get(new URL(`${path.replace(/\/$/, '')}/`, url), { agent: false });
    const timer = setTimeout(() => end(`no answer within ${millis / 1000} s`), millis);
    /** @param {string} [why] */
    const end = (why) => {
      clearTimeout(timer);
      request.destroy();
      resolve(why);
    };
    request.on('response', () => end());
    request.on('upgrade', () => end());
    request.on('error', (/** @type {NodeJS.ErrnoException} */ error) => end(error.code ?? error.message));
  });
}
