// The React context: the server's URL and the client.
import { createContext, useContext, useEffect, useMemo, type ReactNode } from 'react';
import type { ChatClient } from '../core/client.js';
import type { TokenSource } from '../core/types.js';
import { isPassedOver } from './registry.js';
import { useClientOf } from './useClientOf.js';

export interface ChatProviderProps {
  /** Where the chat server is: else that of the provider around this one; see `useChat` for what it is without any. */
  url?: string;
  /** With a function the connection is this provider's alone: give each user's provider a `key` of its own. */
  token?: TokenSource;
  /** A client that was made elsewhere, instead of `url` and `token`. */
  client?: ChatClient;
  children?: ReactNode;
}

interface Chat {
  url: string | undefined;
  client: ChatClient | undefined;
}

/** The context of a provider, for the components below it. */
export const ProvidedChat = createContext<Chat>({ url: undefined, client: undefined });

/** The components below share a connection, which is open while the provider is mounted. */
export function ChatProvider({ url, token, client: given, children }: ChatProviderProps) {
  const outer = useContext(ProvidedChat).url;
  const server = url ?? outer;
  const made = useClientOf(serverUrl(server), given ? undefined : token, false);
  const client = given ?? made;
  const chat = useMemo(() => ({ url: url ?? client?.url ?? outer, client }), [url, client, outer]);
  useEffect(() => client?.retain(), [client]);
  return <ProvidedChat.Provider value={chat}>{children}</ProvidedChat.Provider>;
}

/** The client for a token, or the provider's. With a token function it may change after the first render. */
export function useChatClient(token?: TokenSource, url?: string): ChatClient {
  const provided = useContext(ProvidedChat);
  const made = useClientOf(serverUrl(url ?? provided.url), token, true);
  const client = made ?? provided.client;
  if (!client) throw new Error('No token or ChatProvider');
  return client;
}

/** Joins the room while the component is mounted. */
export function useEntered(client: ChatClient, roomId: string): void {
  useEffect(() => {
    // The component is about to render again with the shared client.
    if (!isPassedOver(client)) return client.enter(roomId);
    return undefined;
  }, [client, roomId]);
}

function serverUrl(url: string | undefined): string {
  return url ?? fromEnvironment() ?? 'http://localhost:3000';
}

/**
 * Reads the same variable as the original's hook. A bundler inlines the value; without one there may be no `process`.
 */
function fromEnvironment(): string | undefined {
  try {
    return process.env.NEXT_PUBLIC_CHAT_URL || undefined;
  } catch {
    return undefined;
  }
}
