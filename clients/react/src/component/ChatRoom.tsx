// A room to put on a page: messages, who is writing, and where one writes oneself.
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useChat, type UseChatOptions } from '../react/useChat.js';
import type { Chat, ChatMessage, TokenSource } from '../core/types.js';
import { Composer } from './Composer.js';
import { Context, type Editing, type MessageActions } from './context.js';
import { ENGLISH, type Labels } from './labels.js';
import { MessageList, type MessageListHandle } from './MessageList.js';
import { usePeople } from './people.js';
import { newestOfOthers } from './reading.js';

/** Pages that are loaded at the most to find a message that somebody points to. */
const SEARCHED_PAGES = 20;
/** How long a short notice stays, in milliseconds. */
const NOTICE = 5_000;

export interface ChatRoomViewProps {
  chat: Chat;
  /** Whose messages are one's own; by default the token's. */
  currentUserId?: string;
  /** Other words than these in English. */
  labels?: Partial<Labels>;
  className?: string;
  /** Above the messages. */
  header?: ReactNode;
  /** Instead of how messages are shown by their type. */
  renderMessageContent?: (message: ChatMessage) => ReactNode;
}

export interface ChatRoomProps extends Omit<ChatRoomViewProps, 'chat'>, UseChatOptions {
  roomId: string;
  token?: TokenSource;
}

export function ChatRoom({ roomId, token, url, onDiscontinuity, ...view }: ChatRoomProps) {
  const chat = useChat(roomId, token, { url, onDiscontinuity });
  return <ChatRoomView key={roomId} chat={chat} {...view} />;
}

/** The same without a connection of its own. */
export function ChatRoomView(props: ChatRoomViewProps) {
  const { chat, className, header, renderMessageContent } = props;
  const userId = props.currentUserId ?? chat.userId;
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const [answered, setAnswered] = useState<ChatMessage | null>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [notice, setNotice] = useState('');
  const list = useRef<MessageListHandle>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const { loadMore } = chat;
  const { nameOf, avatarOf } = usePeople(chat, userId, labels.you);
  const actions = useActions(chat);

  const goTo = useCallback(
    async (id: string) => {
      for (let pages = 0; pages < SEARCHED_PAGES; pages += 1) {
        if (list.current?.show(id)) return;
        const page = await loadMore();
        if (page.length === 0) break;
        await new Promise(requestAnimationFrame);
      }
      setNotice(labels.messageIsGone);
    },
    [loadMore, labels],
  );
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setNotice(''), NOTICE);
    return () => clearTimeout(timer);
  }, [notice]);

  const focusComposer = useCallback(() => field.current?.focus(), []);
  const edit = useCallback((next: Editing | null) => {
    setEditing(next);
    if (next) list.current?.reveal(next.id);
  }, []);
  const context = useMemo(
    () => ({
      actions,
      userId,
      labels,
      nameOf,
      avatarOf,
      renderContent: renderMessageContent,
      replyTo: setAnswered,
      setEditing: edit,
      focusComposer,
      goTo: (id: string) => void goTo(id).catch((error: Error) => setNotice(error.message)),
    }),
    [actions, userId, labels, nameOf, avatarOf, renderMessageContent, edit, focusComposer, goTo],
  );
  return (
    <Context.Provider value={context}>
      <section className={['chat-room', className].filter(Boolean).join(' ')}>
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
          loadMore={loadMore}
          markAsRead={chat.markAsRead}
          editing={editing}
        />
        <News chat={chat} userId={userId} />
        <div className="chat-below" aria-live="polite">
          {notice || typingText(chat, labels) || readText(chat, labels, userId)}
        </div>
        <Composer chat={chat} field={field} answered={answered} onAnswered={() => setAnswered(null)} />
      </section>
    </Context.Provider>
  );
}

/** The chat is a new object on each change; these are the same as before. */
function useActions(chat: Chat): MessageActions {
  const { retry, discard, editMessage, deleteMessage, addReaction, removeReaction } = chat;
  return useMemo(
    () => ({ retry, discard, editMessage, deleteMessage, addReaction, removeReaction }),
    [retry, discard, editMessage, deleteMessage, addReaction, removeReaction],
  );
}

function Connection({ chat, labels }: { chat: Chat; labels: Labels }) {
  const { connectionStatus: status, refusal } = chat;
  if (status === 'connected' && !refusal) return null;
  if (status === 'closed') return null;
  const text = status === 'connected' ? labels.noEntry(refusal?.error ?? '') : labels.connection[status];
  return (
    <p className={`chat-connection chat-connection--${status}`} role="status">
      {text}
    </p>
  );
}

/** Says the newest message of another to those who do not see it; the list itself is too lively for that. */
function News({ chat, userId }: { chat: Chat; userId: string | null }) {
  const newest = newestOfOthers(chat.messages, userId);
  const [heard, setHeard] = useState<{ key: string | undefined; at: string; isNews: boolean }>();
  const [key, at] = [newest?.key, newest?.createdAt ?? ''];
  if (heard === undefined) {
    if (chat.isReady) setHeard({ key, at, isNews: false });
  } else if (key !== heard.key && at >= heard.at && newest) {
    // One before it, which is the newest when that is deleted, is no news.
    setHeard({ key, at, isNews: true });
  }
  const isNews = newest && heard?.isNews && newest.key === heard.key;
  return (
    <div className="chat-hidden" aria-live="polite">
      {isNews && `${newest.senderName}: ${newest.content}`}
    </div>
  );
}

function typingText({ typingUsers }: Chat, labels: Labels): string {
  return typingUsers.length > 0 ? labels.typing(typingUsers.map(({ userName }) => userName)) : '';
}

/** Who has read what one said last. */
function readText({ messages, readBy, members }: Chat, labels: Labels, userId: string | null): string {
  const last = messages.at(-1);
  if (!last || last.senderId !== userId || last.status !== 'sent') return '';
  const readers = members.filter(({ id }) => id !== userId && (readBy.get(id) ?? '') >= last.createdAt);
  return readers.length > 0 ? labels.readBy(readers.map(({ name }) => name)) : '';
}
