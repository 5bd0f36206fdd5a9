// All that needs no DOM: the entry point for React Native, which has no react-dom.
export * from './core/index.js';
export { ChatProvider, useChatClient, type ChatProviderProps } from './react/context.js';
export { useChat, type UseChatOptions } from './react/useChat.js';
export { useConnection, useRoom, useRooms } from './react/hooks.js';
export { useMentions, type Mentions } from './react/useMentions.js';
export { useActivity } from './react/useActivity.js';
export { useOnline } from './react/useOnline.js';
export { useUpload } from './react/useUpload.js';
export { useReaders } from './react/useReaders.js';
export { useSearch, type Search, type UseSearchOptions } from './react/useSearch.js';
export { useSettings } from './react/useSettings.js';
export { useThread, type OpenThread } from './react/useThread.js';
export { useThreads, useUnreadThreads, type Threads } from './react/useThreads.js';
export { useUnread } from './react/useUnread.js';
export { usePresence } from './react/usePresence.js';
export { useUsers } from './react/useUsers.js';
