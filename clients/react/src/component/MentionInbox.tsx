// The messages that mention the user, newest first. Needs a `ChatProvider`.
import { useMemo, useState } from 'react';
import type { MentionNotice } from '../core/protocol.js';
import { useRooms } from '../react/hooks.js';
import { useMentions } from '../react/useMentions.js';
import type { InboxComponents } from './components.js';
import { useInboxComponents } from './defaults.js';
import { ENGLISH, type Labels } from './labels.js';
import { reasonIn } from './reasons.js';
import { nameOfRoom } from './rooms.js';
import { walkList } from './walk.js';
import { whenOf } from './when.js';

export interface MentionInboxProps {
  /** Called with a mention that was chosen: it counts as read from then on. */
  onOpen?: (mention: MentionNotice) => void;
  labels?: Partial<Labels>;
  /** Parts to use in place of the usual ones. Define them outside of the component that renders this. */
  components?: Partial<InboxComponents>;
  className?: string;
}

export function MentionInbox({ onOpen, className, ...props }: MentionInboxProps) {
  const { mentions, unreadCount, isReady, hasMore, refusal, loadMore, markAllRead, markRoomRead } =
    useMentions();
  const { rooms } = useRooms();
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const components = useInboxComponents(props.components);
  const [why, setWhy] = useState('');
  const { Avatar, Empty, Error, Loading, Mention } = components;
  const texts = labels.inbox;
  const read = () => {
    setWhy('');
    markAllRead().catch((error: Error) => setWhy(texts.markFailed(labels.reason(reasonIn(error)))));
  };
  const open = (mention: MentionNotice) => {
    // Opening the room marks it as read on the server.
    markRoomRead(mention.roomId);
    onOpen?.(mention);
  };
  // Being offline is shown elsewhere: the inbox is loaded again on reconnect.
  const isFailed = refusal !== null && refusal.code !== 'offline';
  return (
    <div className={['chat-part', 'chat-inbox', className].filter(Boolean).join(' ')}>
      {isReady && mentions.length > 0 && (
        <div className="chat-inbox-header">
          <button type="button" className="chat-button" disabled={unreadCount === 0} onClick={read}>
            {texts.markAllRead}
          </button>
        </div>
      )}
      {why && (
        <p className="chat-status chat-status--failed" role="alert">
          {why}
        </p>
      )}
      {isFailed && <Error text={texts.notLoaded(labels.reason(refusal))} refusal={refusal} />}
      {!isReady && !isFailed && <Loading text={labels.loading} />}
      {isReady && mentions.length === 0 && <Empty text={texts.empty} />}
      {mentions.length > 0 && (
        <ul aria-label={texts.mentions} onKeyDown={walkList}>
          {mentions.map((mention) => {
            const { messageId, roomId, sender, excerpt, at, isUnread } = mention;
            const mentionProps = {
              className: isUnread ? 'chat-mention-row chat-mention-row--unread' : 'chat-mention-row',
              onClick: () => open(mention),
            };
            return (
              <li key={messageId}>
                <Mention mention={mention} mentionProps={mentionProps}>
                  <Avatar id={sender.id} name={sender.name} />
                  <span className="chat-result-header">
                    {isUnread && (
                      <span className="chat-mention-dot">
                        <span className="chat-hidden">{texts.unread}</span>
                      </span>
                    )}
                    <span className="chat-name" dir="auto">
                      {sender.name}
                    </span>
                    <span className="chat-result-room" dir="auto">
                      {nameOfRoom(roomId, rooms, texts)}
                    </span>
                    <time className="chat-time" dateTime={at}>
                      {whenOf(at, labels)}
                    </time>
                  </span>
                  <span className="chat-excerpt" dir="auto">
                    {excerpt}
                  </span>
                </Mention>
              </li>
            );
          })}
        </ul>
      )}
      {hasMore && (
        <button type="button" className="chat-link chat-more" onClick={() => void loadMore()}>
          {texts.more}
        </button>
      )}
    </div>
  );
}
