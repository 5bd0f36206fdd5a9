// The one context: which server, and who.
import { createContext, useContext, useEffect, useMemo, type ReactNode } from 'react';
import type { ChatClient } from '../client.js';
import type { TokenSource } from '../types.js';
import { clientOf } from './registry.js';

export interface ChatProviderProps {
  /** Where the chat server is; see `useChat` for what it is without this. */
  url?: string;
  /** Give each user a `key` of their own where it is a function. */
  token?: TokenSource;
  /** A client that was made elsewhere, instead of `url` and `token`. */
  client?: ChatClient;
  children?: ReactNode;
}

interface Chat {
  url: string | undefined;
  client: ChatClient | undefined;
}

const Context = createContext<Chat>({ url: undefined, client: undefined });

/** What stands below it shares a connection, which is open as long as this is there. */
export function ChatProvider({ url, token, client: given, children }: ChatProviderProps) {
  const made = token === undefined ? undefined : clientOf(serverUrl(url), token);
  const client = given ?? made;
  const chat = useMemo(() => ({ url: url ?? client?.url, client }), [url, client]);
  useEffect(() => client?.retain(), [client]);
  return <Context.Provider value={chat}>{children}</Context.Provider>;
}

/** The client for a token, or that of the provider. */
export function useChatClient(token?: TokenSource, url?: string): ChatClient {
  const provided = useContext(Context);
  if (token !== undefined) return clientOf(serverUrl(url ?? provided.url), token);
  if (!provided.client) throw new Error('useChat needs a token, or a ChatProvider with one around it');
  return provided.client;
}

function serverUrl(url: string | undefined): string {
  return url ?? fromEnvironment() ?? 'http://localhost:3000';
}

/** As the original's hook. A bundler puts the value here; where none did, there may be no `process` at all. */
function fromEnvironment(): string | undefined {
  try {
    return process.env.NEXT_PUBLIC_CHAT_URL || undefined;
  } catch {
    return undefined;
  }
}
