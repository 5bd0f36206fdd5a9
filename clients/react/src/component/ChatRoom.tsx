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
import type { ChatComponents } from './components.js';
import { Context, type Active, type RoomContext } from './context.js';
import { useChatComponents } from './defaults.js';
import { draftKey, drafts } from './drafts.js';
import { ENGLISH, type Labels } from './labels.js';
import { MessageList, type MessageListHandle } from './MessageList.js';
import { usePeople } from './people.js';
import { reasonIn } from './reasons.js';
import { Below, Connection, News } from './RoomStatus.js';
import { useAnswered } from './useAnswered.js';
import { useClientOfChat } from './useClientOfChat.js';
import { useMessageActions } from './useMessageActions.js';
import { useNotice } from './useNotice.js';

/** The most pages that are loaded to find a message that is linked to, such as by a reply. */
const SEARCHED_PAGES = 20;

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
  const { chat, className, header, renderMessageContent, formatting = true, autoFocus } = props;
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
  const goTo = useGoTo(chat.loadMore, list, say, labels);
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
      goTo,
      renderContent: renderMessageContent,
      replyTo,
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
      renderMessageContent,
      replyTo,
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
          markAsRead={chat.markAsRead}
          active={active}
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

/** Scrolls to a message, and loads older pages to find it. */
function useGoTo(
  loadMore: Chat['loadMore'],
  list: RefObject<MessageListHandle | null>,
  say: (text: string) => void,
  labels: Labels,
): (id: string) => void {
  return useCallback(
    (id) => {
      const search = async () => {
        for (let pages = 0; pages < SEARCHED_PAGES; pages += 1) {
          if (list.current?.show(id)) return;
          const page = await loadMore();
          if (page.length === 0) break;
          await new Promise(requestAnimationFrame);
        }
        say(labels.messageIsGone);
      };
      search().catch((error: Error) => say(labels.notLoaded(labels.reason(reasonIn(error)))));
    },
    [loadMore, list, say, labels],
  );
}

/** The actions of the composer that message rows use. */
function useWriting(
  { discard, roomId, messages }: Chat,
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
      const key = draftKey(userId, roomId);
      discard(id);
      // A draft that was begun meanwhile is kept below the text.
      drafts.set(key, [content, drafts.get(key)].filter(Boolean).join('\n'));
      setAnswered(all.current.find((message) => message.id === replyTo) ?? null);
      focusComposer();
    },
    [userId, roomId, discard, setAnswered, focusComposer],
  );
  return { writeAgain, focusComposer };
}

/** Prevents the browser from opening a dropped file in place of the page; true if a file is dragged. */
function keepsPage(event: DragEvent): boolean {
  const isFile = event.dataTransfer.types.includes('Files');
  if (isFile) event.preventDefault();
  return isFile;
}
