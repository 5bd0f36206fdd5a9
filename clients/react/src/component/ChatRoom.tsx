// The chat room component: messages, who is typing, and the composer.
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type DragEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { isPassing } from '../core/errors.js';
import type { Chat, ChatMessage, TokenSource } from '../core/types.js';
import { ProvidedChat, useChatClient } from '../react/context.js';
import { useChat, type UseChatOptions } from '../react/useChat.js';
import { mentionNames } from '../core/mentions.js';
import type { ChatComponents } from './components.js';
import { Context, type Active, type RoomContext } from './context.js';
import { useChatComponents } from './defaults.js';
import { draftKey, draftPlace, drafts } from './drafts.js';
import { ENGLISH, type Labels } from './labels.js';
import { MessageList, type MessageListHandle } from './MessageList.js';
import { usePeople } from './people.js';
import type { ShownMentions } from './mentioned.js';
import { reasonIn } from './reasons.js';
import { Below, Connection, News } from './RoomStatus.js';
import { hiddenIn, withoutThreads } from './threads.js';
import { useAnswered } from './useAnswered.js';
import { useClientOfChat } from './useClientOfChat.js';
import { useKeptUnread } from './useKeptUnread.js';
import { useMessageActions } from './useMessageActions.js';
import { useNotice } from './useNotice.js';

/** The most pages that are loaded to find a message that is linked to, such as by a reply or from a search. */
const SEARCHED_PAGES = 100;
/** How long a message that somebody was led to stands out, in milliseconds. */
const FOUND = 6_000;
const doNothing = () => undefined;

export interface ChatRoomViewProps {
  chat: Chat;
  /** The id of the user whose messages are shown as own; by default the token's user. */
  currentUserId?: string;
  /** Texts in place of the English ones. */
  labels?: Partial<Labels>;
  className?: string;
  /** Above the messages. */
  header?: ReactNode;
  /** Parts to use in place of the usual ones. Define them outside of the component that renders this. */
  components?: Partial<ChatComponents>;
  /** False shows texts as they were written, without bold, italic, code, lists and quotes. */
  formatting?: boolean;
  /** Gives the focus to the composer, except on touch screens. */
  autoFocus?: boolean;
  /** The id of a message to lead to, such as one that was found; older pages are loaded to find it. */
  messageId?: string | null;
  /** Called when that message is in view, or was not found. */
  onShown?: () => void;
  /**
   * Opens the thread that hangs on a message, as with `Thread`. The room then shows the state of each thread below that message, and
   * no replies that are only in a thread. Without it they are messages of the room like others.
   */
  onOpenThread?: (rootId: string) => void;
  /** Renders a message's content, in place of the default for its type. */
  renderMessageContent?: (message: ChatMessage) => ReactNode;
}

export interface ChatRoomProps extends Omit<ChatRoomViewProps, 'chat'>, UseChatOptions {
  roomId: string;
  token?: TokenSource;
}

export function ChatRoom({ token, url, ...room }: ChatRoomProps) {
  const client = useChatClient(token, url);
  const provided = useMemo(() => ({ url: client.url, client }), [client]);
  return (
    <ProvidedChat.Provider value={provided}>
      <ProvidedRoom {...room} />
    </ProvidedChat.Provider>
  );
}

function ProvidedRoom({ roomId, onDiscontinuity, ...view }: Omit<ChatRoomProps, 'token' | 'url'>) {
  const chat = useChat(roomId, undefined, { onDiscontinuity });
  return <ChatRoomView key={roomId} chat={chat} {...view} />;
}

/** The same component for a chat that is passed in, without a connection of its own. */
export function ChatRoomView(props: ChatRoomViewProps) {
  const { className, header, renderMessageContent, formatting = true, autoFocus } = props;
  const { chat: whole, onOpenThread: openThread } = props;
  const chat = useMemo(() => (openThread ? withoutThreads(whole) : whole), [whole, openThread]);
  const userId = props.currentUserId ?? chat.userId;
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const components = useChatComponents(props.components);
  const [active, setActive] = useState<Active | null>(null);
  const [notice, say] = useNotice();
  const list = useRef<MessageListHandle>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const client = useClientOfChat(chat);
  const { actions, refused } = useMessageActions(
    chat,
    client,
    labels,
    useCallback((why: string) => say(labels.reactionFailed(why)), [say, labels]),
  );
  const begin = useCallback((next: Active | null) => {
    setActive(next);
    if (next) list.current?.reveal(next.id);
  }, []);
  const [answered, setAnswered] = useAnswered(chat, userId, client, () => say(labels.messageIsGone));
  const { nameOf, avatarOf } = usePeople(chat, client);
  const goTo = useGoTo(whole, openThread, list, say, labels);
  const found = useLedTo(props, goTo, list);
  const mentions = useShownMentions(chat, userId, nameOf);
  const { isKept, markUnread } = useKeptUnread(
    chat,
    chat.threadId === undefined ? client : undefined,
    say,
    labels,
  );
  const { writeAgain, focusComposer } = useWriting(chat, userId, field, setAnswered);
  const replyTo = useCallback(
    (message: ChatMessage) => {
      setAnswered(message);
      focusComposer();
    },
    [setAnswered, focusComposer],
  );
  const isConnected = chat.connectionStatus === 'connected';
  const context: RoomContext = useMemo(
    () => ({
      client,
      actions,
      userId,
      isConnected,
      labels,
      components,
      formatting,
      nameOf,
      avatarOf,
      writeAgain,
      focusComposer,
      goTo: (id: string) => void goTo(id),
      mentions,
      markUnread,
      renderContent: renderMessageContent,
      replyTo,
      openThread,
      setActive: begin,
    }),
    [
      client,
      actions,
      userId,
      isConnected,
      labels,
      components,
      formatting,
      nameOf,
      avatarOf,
      writeAgain,
      focusComposer,
      goTo,
      mentions,
      markUnread,
      renderMessageContent,
      replyTo,
      openThread,
      begin,
    ],
  );
  const { Composer } = components;
  return (
    <Context.Provider value={context}>
      <section
        className={['chat-room', className].filter(Boolean).join(' ')}
        onDragOver={(event) => void keepsPage(event)}
        onDrop={(event) => keepsPage(event) && say(labels.noFiles)}
      >
        {header}
        <Connection chat={chat} labels={labels} />
        <MessageList
          handle={list}
          messages={chat.messages}
          firstUnreadId={chat.firstUnreadId}
          unreadCount={chat.unreadCount}
          hasMore={chat.hasMore}
          isLoading={chat.isLoading}
          isReady={chat.isReady}
          loadMore={chat.loadMore}
          markAsRead={isKept ? doNothing : chat.markAsRead}
          active={active}
          found={found}
          refused={refused}
          refusal={chat.refusal && !isPassing(chat.refusal.code) ? chat.refusal : null}
        />
        <News chat={chat} userId={userId} />
        <Below chat={chat} labels={labels} userId={userId} notice={notice} />
        <Composer
          chat={chat}
          labels={labels}
          currentUserId={userId}
          answered={answered}
          onAnswered={() => setAnswered(null)}
          onEdit={({ id }) => begin({ id, what: 'edit', from: 'composer' })}
          autoFocus={autoFocus}
          field={field}
        />
      </section>
    </Context.Provider>
  );
}

/** Scrolls to a message, and loads older pages to find it. Resolves with whether it was found. */
function useGoTo(
  { messages, loadMore }: Chat,
  openThread: ChatRoomViewProps['onOpenThread'],
  list: RefObject<MessageListHandle | null>,
  say: (text: string) => void,
  labels: Labels,
): (id: string) => Promise<boolean> {
  const all = useRef(messages);
  useEffect(() => void (all.current = messages));
  return useCallback(
    async (id) => {
      const inThread = (page: readonly ChatMessage[]) => {
        const hidden = openThread && page.find((message) => message.id === id);
        const rootId = hidden && hiddenIn(hidden);
        if (rootId !== undefined) openThread?.(rootId);
        return rootId !== undefined;
      };
      try {
        if (inThread(all.current)) return false;
        for (let pages = 0; pages < SEARCHED_PAGES; pages += 1) {
          if (list.current?.show(id)) return true;
          const page = await loadMore();
          if (inThread(page)) return false;
          if (page.length === 0) break;
          await new Promise(requestAnimationFrame);
        }
        say(labels.messageIsGone);
      } catch (error) {
        say(labels.notLoaded(labels.reason(reasonIn(error as Error))));
      }
      return false;
    },
    [loadMore, openThread, list, say, labels],
  );
}

/** Leads to a message once the room is there. Returns its id while it stands out. */
function useLedTo(
  { chat: { isReady }, messageId = null, onShown }: ChatRoomViewProps,
  goTo: (id: string) => Promise<boolean>,
  list: RefObject<MessageListHandle | null>,
): string | null {
  const [found, setFound] = useState<string | null>(null);
  const tell = useRef(onShown);
  useEffect(() => void (tell.current = onShown));
  useEffect(() => {
    if (!isReady || messageId === null) return;
    let isCurrent = true;
    // The list has a place of its own at first: where the user has stopped reading.
    const frame = requestAnimationFrame(() => {
      void goTo(messageId).then((isFound) => {
        if (!isCurrent) return;
        if (isFound) {
          list.current?.focus(messageId);
          setFound(messageId);
        }
        tell.current?.();
      });
    });
    return () => {
      isCurrent = false;
      cancelAnimationFrame(frame);
    };
  }, [isReady, messageId, goTo, list]);
  useEffect(() => {
    if (found === null) return;
    const timer = setTimeout(() => setFound(null), FOUND);
    return () => clearTimeout(timer);
  }, [found]);
  return found;
}

/** It keeps its identity while the members stay the same. */
function useShownMentions(
  { members }: Pick<Chat, 'members'>,
  userId: string | null,
  nameOf: ShownMentions['nameOf'],
): ShownMentions {
  const names = useMemo(() => mentionNames(members), [members]);
  return useMemo(
    () => ({
      names,
      nameOf,
      isOwn: ({ target }) => typeof target === 'string' || (userId !== null && target.includes(userId)),
    }),
    [names, nameOf, userId],
  );
}

/** The actions of the composer that message rows use. */
function useWriting(
  { discard, roomId, threadId, messages }: Chat,
  userId: string | null,
  field: RefObject<HTMLTextAreaElement | null>,
  setAnswered: (message: ChatMessage | null) => void,
): Pick<RoomContext, 'writeAgain' | 'focusComposer'> {
  const all = useRef(messages);
  useEffect(() => void (all.current = messages));
  const focusComposer = useCallback(() => field.current?.focus(), [field]);
  const writeAgain = useCallback(
    ({ id, content, replyTo }: ChatMessage) => {
      if (userId === null) return;
      const key = draftKey(userId, draftPlace({ roomId, threadId }));
      discard(id);
      // A draft that was begun meanwhile is kept below the text.
      drafts.set(key, [content, drafts.get(key)].filter(Boolean).join('\n'));
      setAnswered(all.current.find((message) => message.id === replyTo) ?? null);
      focusComposer();
    },
    [userId, roomId, threadId, discard, setAnswered, focusComposer],
  );
  return { writeAgain, focusComposer };
}

/** Prevents the browser from opening a dropped file in place of the page; true if a file is dragged. */
function keepsPage(event: DragEvent): boolean {
  const isFile = event.dataTransfer.types.includes('Files');
  if (isFile) event.preventDefault();
  return isFile;
}
