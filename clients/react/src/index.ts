export * from './core/index.js';
export { ChatProvider, useChatClient, type ChatProviderProps } from './react/context.js';
export { useChat, type UseChatOptions } from './react/useChat.js';
export { useConnection, useRoom, useRooms } from './react/hooks.js';
export * from './component/index.js';
