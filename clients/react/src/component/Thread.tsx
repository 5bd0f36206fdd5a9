// A thread beside its room: the message that it hangs on, the replies, and a composer. Needs a `ChatProvider`.
import { useCallback, useMemo, useState, type KeyboardEvent } from 'react';
import type { Chat, ChatMessage, SendOptions } from '../core/types.js';
import { useChat } from '../react/useChat.js';
import { useThread, type OpenThread } from '../react/useThread.js';
import { ChatRoomView, type ChatRoomViewProps } from './ChatRoom.js';
import { CloseButton } from './CloseButton.js';
import { ENGLISH, type Labels } from './labels.js';
import { reasonIn } from './reasons.js';
import { withoutQuote } from './threads.js';

type Shown = 'currentUserId' | 'labels' | 'components' | 'formatting' | 'autoFocus' | 'renderMessageContent';

export interface ThreadProps extends Pick<ChatRoomViewProps, Shown> {
  roomId: string;
  /** The id of the message that the thread hangs on. */
  rootId: string;
  /** Called by the button that closes it, and by Escape. Without it there is no button. */
  onClose?: () => void;
  className?: string;
}

export function Thread({ roomId, rootId, onClose, className, ...view }: ThreadProps) {
  const labels = useMemo(() => {
    const all = { ...ENGLISH, ...view.labels };
    const { beginning, rootIsGone: empty, notLoaded: noEntry } = all.thread;
    return { ...all, beginning, empty, noEntry };
  }, [view.labels]);
  const room = useChat(roomId);
  const thread = useThread({ id: rootId, roomId });
  const [alsoToRoom, setAlsoToRoom] = useState(false);
  const { sendMessage } = thread;
  const send = useCallback(
    (content: string, options?: SendOptions) => {
      setAlsoToRoom(false);
      return sendMessage(content, { ...options, alsoToRoom });
    },
    [sendMessage, alsoToRoom],
  );
  const chat = useThreadAsChat(room, thread, send);
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented || !onClose) return;
    event.stopPropagation();
    onClose();
  };
  return (
    <section
      className={['chat-part', 'chat-thread', className].filter(Boolean).join(' ')}
      aria-label={labels.thread.thread}
      onKeyDown={press}
    >
      <ChatRoomView
        key={rootId}
        chat={chat}
        {...view}
        labels={labels}
        header={<Header thread={thread} labels={labels} onClose={onClose} />}
      />
      <label className="chat-thread-also">
        <input
          type="checkbox"
          checked={alsoToRoom}
          onChange={({ currentTarget }) => setAlsoToRoom(currentTarget.checked)}
        />
        {labels.thread.alsoToRoom}
      </label>
    </section>
  );
}

interface HeaderProps {
  thread: OpenThread;
  labels: Labels;
  onClose: (() => void) | undefined;
}

function Header({ thread, labels, onClose }: HeaderProps) {
  const { root, isReady, isFollowing, follow, unfollow } = thread;
  const [why, setWhy] = useState('');
  const texts = labels.thread;
  const choose = () => {
    setWhy('');
    (isFollowing ? unfollow : follow)().catch((error: Error) =>
      setWhy(texts.followFailed(labels.reason(reasonIn(error)))),
    );
  };
  return (
    <>
      <header className="chat-thread-header">
        <h2>{texts.thread}</h2>
        <button type="button" className="chat-button" onClick={choose}>
          {isFollowing ? texts.unfollow : texts.follow}
        </button>
        {onClose && <CloseButton label={labels.close} onClick={onClose} />}
      </header>
      {isReady && !root && <p className="chat-status">{texts.rootIsGone}</p>}
      {why && (
        <p className="chat-status chat-status--failed" role="alert">
          {why}
        </p>
      )}
    </>
  );
}

const doNothing = () => undefined;
const NOBODY: Pick<Chat, 'typingUsers' | 'readBy'> = { typingUsers: [], readBy: new Map() };

/** The thread as a chat: the messages of a room are its root, once all replies are loaded, and the replies. */
function useThreadAsChat(room: Chat, thread: OpenThread, sendMessage: Chat['sendMessage']): Chat {
  const { root, replies, rootId, hasMore } = thread;
  const messages = useMemo((): readonly ChatMessage[] => {
    const shown = replies.map((reply) => withoutQuote(reply, rootId));
    return root && !hasMore ? [root, ...shown] : shown;
  }, [root, replies, rootId, hasMore]);
  return useMemo(
    () => ({
      ...room,
      ...NOBODY,
      threadId: rootId,
      messages,
      sendMessage,
      hasMore,
      isReady: thread.isReady,
      isLoading: thread.isLoading,
      unreadCount: thread.unreadCount,
      firstUnreadId: thread.firstUnreadId,
      refusal: room.refusal ?? thread.refusal,
      loadMore: thread.loadMore,
      markAsRead: thread.markAsRead,
      // The room is told who writes in it, not who writes in a thread.
      startTyping: doNothing,
      stopTyping: doNothing,
    }),
    [room, thread, messages, sendMessage, rootId, hasMore],
  );
}
