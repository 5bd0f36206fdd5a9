// Where Socket.IO is on the server that serves this page: its path and its namespace are settings.

export interface ServerPlace {
  /** With the namespace as its path. */
  url: string;
  path: string;
}

interface ClientSettings {
  path: string;
  namespace: string;
}

const KEY = 'chatoxide-server';

/** Asks the server; without a network, what it last said is taken. */
export async function serverPlace(): Promise<ServerPlace> {
  const { path, namespace } = await ask().catch(lastAnswer);
  return { url: namespace === '/' ? window.location.origin : window.location.origin + namespace, path };
}

async function ask(): Promise<ClientSettings> {
  const response = await fetch('/client.json');
  const text = await response.text();
  const settings = JSON.parse(text) as ClientSettings;
  localStorage.setItem(KEY, text);
  return settings;
}

function lastAnswer(): ClientSettings {
  const text = localStorage.getItem(KEY);
  return text ? (JSON.parse(text) as ClientSettings) : { path: '/socket.io', namespace: '/' };
}
