// The client of a chat: it looks up what the chat itself does not have.
import { useContext } from 'react';
import type { ChatClient } from '../core/client.js';
import type { Chat } from '../core/types.js';
import { ProvidedChat } from '../react/context.js';

/** Undefined where the chat is not of the client of the provider around it, as one that a test makes. */
export function useClientOfChat({ roomId, retry }: Chat): ChatClient | undefined {
  const { client } = useContext(ProvidedChat);
  return client?.room(roomId).retry === retry ? client : undefined;
}
