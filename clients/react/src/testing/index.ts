// The entry point for the tests of an app: a chat server in memory, and sizes for jsdom.
export { layOut } from './layout.js';
export { startChatServer, type ChatServer, type RoomSeed, type ServerSeed } from './server.js';
export type { TestUser } from './user.js';
