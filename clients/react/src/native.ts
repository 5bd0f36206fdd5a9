// All that needs no DOM: the entry point for React Native, which has no react-dom.
export * from './core/index.js';
export { ChatProvider, useChatClient, type ChatProviderProps } from './react/context.js';
export { useChat, type UseChatOptions } from './react/useChat.js';
export { useConnection, useRoom, useRooms } from './react/hooks.js';
export { useMentions, type Mentions } from './react/useMentions.js';
export { useActivity } from './react/useActivity.js';
export { useOnline } from './react/useOnline.js';
export { usePresence } from './react/usePresence.js';
export { useUsers } from './react/useUsers.js';
