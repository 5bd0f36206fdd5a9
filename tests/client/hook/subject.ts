// Somebody's hook file, unmodified, as a browser has it: bundled with React and with the client's build for browsers, which
// speaks through the page's own XMLHttpRequest and WebSocket and so is held to the rules for other origins.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type * as library from '@testing-library/react';
import type { ComponentType, ReactElement } from 'react';

// As a program: inside jsdom esbuild finds arrays of bytes that are not those it knows.
const ESBUILD = path.resolve(import.meta.dirname, '../node_modules/.bin/esbuild');
const PACKAGES = path.resolve(import.meta.dirname, '../node_modules');
const ARTIFACTS = path.resolve(import.meta.dirname, '../artifacts');
// File extensions of imports that are not code: styles, images, fonts and sounds.
const NOT_CODE = ['css', 'scss', 'svg', 'png', 'jpg', 'jpeg', 'gif', 'webp', 'woff', 'woff2', 'mp3'];

export interface ChatMessage {
  id: string;
  senderId: string;
  senderName: string;
  content: string;
  createdAt: string;
  updatedAt?: string | null;
  reactions?: readonly { emoji: string; userId: string }[];
}

/** The part of the hook's return value that the checks use. */
export interface Chat {
  connected: boolean;
  messages: readonly ChatMessage[];
  typingUsers: readonly { userId: string; userName?: string }[];
  members: readonly { id: string; name: string }[];
  sendMessage: (content: string) => Promise<ChatMessage>;
  editMessage: (messageId: string, content: string) => Promise<ChatMessage>;
  deleteMessage: (messageId: string) => unknown;
  addReaction: (messageId: string, emoji: string) => unknown;
  removeReaction: (messageId: string, emoji: string) => unknown;
  startTyping: () => unknown;
  stopTyping: () => unknown;
  loadMore: () => unknown;
  markAsRead: () => unknown;
}

export interface ChatRoomProps {
  roomId: string;
  currentUserId: string;
  token: string;
}

export interface HookFile {
  /** The file with the hook. */
  file: string;
  hookExport?: string;
  componentExport?: string;
  /** The variables of the environment that say where the server is. */
  variables?: string[];
  /** A folder of React's; by default the one that the file itself would find, else that of these tests. */
  react?: string;
}

interface Bundle {
  useChat?: Subject['useChat'];
  ChatRoom?: Subject['ChatRoom'];
  library: typeof library;
  createElement: Subject['createElement'];
  version: string;
}

export interface Subject {
  useChat: (roomId: string, token: string) => Chat;
  /** None, when the file exports none. */
  ChatRoom?: ComponentType<ChatRoomProps>;
  /** That of the same React as the hook's. */
  library: typeof library;
  createElement: (component: ComponentType<ChatRoomProps>, props: ChatRoomProps) => ReactElement;
  reactVersion: string;
  remove: () => Promise<void>;
}

/** Loads a hook file; the variables of its environment name this server by then, as it may look at them only once. */
export async function loadSubject(hook: HookFile, url: string): Promise<Subject> {
  const { hookExport = 'useChat', componentExport = 'ChatRoom', variables = ['NEXT_PUBLIC_CHAT_URL'] } = hook;
  const file = path.resolve(hook.file);
  await mkdir(ARTIFACTS, { recursive: true });
  const folder = await mkdtemp(path.join(ARTIFACTS, 'hook-'));
  const remove = () => rm(folder, { recursive: true });
  try {
    const source = `
      import * as given from ${JSON.stringify(file)};
      export const useChat = given[${JSON.stringify(hookExport)}];
      export const ChatRoom = given[${JSON.stringify(componentExport)}];
      export * as library from '@testing-library/react';
      export { createElement, version } from 'react';`;
    await writeFile(path.join(folder, 'entry.js'), source);
    await bundle(folder, hook.react ?? nearestReact(file));
    variables.forEach((name) => (process.env[name] = url));
    const built = (await import(/* @vite-ignore */ path.join(folder, 'bundle.mjs'))) as Bundle;
    const { useChat, ChatRoom, library, createElement, version } = built;
    if (typeof useChat !== 'function')
      throw new Error(`${hook.file} exports no hook of the name ${hookExport}`);
    // A file may have none, but not when it is asked for.
    if (hook.componentExport !== undefined && typeof ChatRoom !== 'function')
      throw new Error(`${hook.file} exports no component of the name ${componentExport}`);
    return { useChat, ChatRoom, library, createElement, reactVersion: version, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function bundle(folder: string, react: string): Promise<void> {
  const options = [
    'entry.js',
    '--bundle',
    '--platform=browser',
    '--format=esm',
    '--jsx=automatic',
    '--outfile=bundle.mjs',
    '--log-level=error',
    '--log-override:import-is-undefined=silent',
    // One React for all, as the hook and what renders it must have the same.
    `--alias:react=${react}`,
    `--alias:react-dom=${path.join(path.dirname(react), 'react-dom')}`,
    // Other bundlers' way to say the same.
    '--define:import.meta.env=process.env',
    ...NOT_CODE.map((extension) => `--loader:.${extension}=empty`),
  ];
  // Where the file's own packages lack one, those of these tests do.
  const env = { ...process.env, NODE_PATH: PACKAGES };
  await promisify(execFile)(ESBUILD, options, { cwd: folder, env }).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(`the hook's file cannot be built:\n${error.stderr?.trim() || error.message}`);
    },
  );
}

/** The React that a file finds in the folders above it. */
function nearestReact(file: string): string {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const react = path.join(folder, 'node_modules/react');
    if (existsSync(react) && existsSync(path.join(folder, 'node_modules/react-dom'))) return react;
    if (folder === path.dirname(folder)) return path.join(PACKAGES, 'react');
  }
}
