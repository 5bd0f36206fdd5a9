// Registers the service worker (worker.js), which keeps the page's own files so that a reload without a network shows it.

export function keepPage(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // When the page has loaded: the worker fetches the same files.
  window.addEventListener('load', () => {
    // A browser may refuse, as some do in private windows. The page is then shown with a network only.
    navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  });
}
