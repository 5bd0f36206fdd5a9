// The user's rooms and the public ones, with the unread count of each. Needs a `ChatProvider`.
import { useMemo, type ReactNode } from 'react';
import type { ListedRoom } from '../core/protocol.js';
import type { RoomCounts } from '../core/unreadCounts.js';
import { useRooms } from '../react/hooks.js';
import { useUnread } from '../react/useUnread.js';
import type { RoomListComponents } from './components.js';
import { useRoomListComponents } from './defaults.js';
import { countText, ENGLISH, type Labels } from './labels.js';
import { RoomIcon } from './RoomIcon.js';
import { findRooms, roomName, sectionsOf, type RoomSection } from './rooms.js';
import { useHeldOrder } from './useHeldOrder.js';

export interface RoomListProps {
  /** The room that is open. */
  roomId?: string | null;
  onOpen?: (roomId: string) => void;
  /** The address of a room's page. With it the rooms are links, else buttons. */
  hrefOf?: (roomId: string) => string;
  /** Only rooms whose name contains it. */
  query?: string;
  /** Beside the heading of a section, such as a button that makes a room. */
  sectionAction?: (section: RoomSection) => ReactNode;
  labels?: Partial<Labels>;
  /** Parts to use in place of the usual ones. Define them outside of the component that renders this. */
  components?: Partial<RoomListComponents>;
  className?: string;
}

export function RoomList(props: RoomListProps) {
  const { query = '', sectionAction, className } = props;
  const { rooms, isReady, refusal } = useRooms();
  const unread = useUnread();
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const components = useRoomListComponents(props.components);
  const { items: held, holdProps } = useHeldOrder(rooms);
  const { Empty, Error, Loading } = components;
  const found = findRooms(held, query);
  const sections = sectionsOf(found);
  // A search hides the headings of sections without results.
  const isShown = (section: RoomSection) =>
    sections[section].length > 0 || (section !== 'public' && query.trim() === '');
  const titles = { rooms: labels.rooms, direct: labels.directMessages, public: labels.publicRooms };
  const empty = { rooms: labels.noRooms, direct: labels.noDirectMessages, public: '' };
  // Being offline is not shown as an error: the list is loaded again on reconnect.
  const isFailed = refusal !== null && refusal.code !== 'offline';
  return (
    <div className={['chat-part', 'chat-rooms', className].filter(Boolean).join(' ')} {...holdProps}>
      {!isReady &&
        (isFailed ? (
          <Error text={labels.roomsNotLoaded(labels.reason(refusal))} refusal={refusal} />
        ) : (
          <Loading text={labels.loading} />
        ))}
      {isReady && found.length === 0 && query.trim() !== '' && <Empty text={labels.noRoomsFound} />}
      {isReady &&
        (['rooms', 'direct', 'public'] as const).filter(isShown).map((section) => (
          <section key={section} className="chat-rooms-section">
            <div className="chat-rooms-header">
              <h2>{titles[section]}</h2>
              {sectionAction?.(section)}
            </div>
            {sections[section].length === 0 ? (
              <Empty text={empty[section]} />
            ) : (
              <ul>
                {sections[section].map((room) => (
                  <li key={room.id}>
                    <RoomRow
                      {...props}
                      room={room}
                      counts={unread.rooms.get(room.id)}
                      labels={labels}
                      parts={components}
                    />
                  </li>
                ))}
              </ul>
            )}
          </section>
        ))}
    </div>
  );
}

interface Props extends Pick<RoomListProps, 'roomId' | 'onOpen' | 'hrefOf'> {
  room: ListedRoom;
  /** Undefined for a room that the user is no member of. */
  counts: RoomCounts | undefined;
  labels: Labels;
  parts: RoomListComponents;
}

function RoomRow({ room, counts, roomId, onOpen, hrefOf, labels, parts: { Row, Avatar } }: Props) {
  const isOpen = room.id === roomId;
  // The open room is being read, unless the user keeps it unread. A guest is not notified of messages, so that a count would be
  // out of date.
  const isCounted = room.isMember && counts && (!isOpen || counts.isKept);
  const { unreadCount, mentionCount } = isCounted ? counts : { unreadCount: 0, mentionCount: 0 };
  const rowProps = {
    className: unreadCount > 0 ? 'chat-rooms-room chat-rooms-room--unread' : 'chat-rooms-room',
    'aria-current': isOpen ? ('page' as const) : undefined,
    href: hrefOf?.(room.id),
    title: roomName(room),
    onClick: () => onOpen?.(room.id),
  };
  return (
    <Row
      room={room}
      isOpen={isOpen}
      unreadCount={unreadCount}
      mentionCount={mentionCount}
      rowProps={rowProps}
    >
      <RoomIcon room={room} avatar={Avatar} />
      <span className="chat-rooms-name" dir="auto">
        {roomName(room)}
      </span>
      {mentionCount > 0 && (
        <span
          className="chat-badge chat-badge--mention"
          aria-label={labels.mentionCount(countText(mentionCount))}
        >
          @{countText(mentionCount)}
        </span>
      )}
      {unreadCount > 0 && (
        <span className="chat-badge" aria-label={labels.unreadCount(countText(unreadCount))}>
          {countText(unreadCount)}
        </span>
      )}
    </Row>
  );
}
