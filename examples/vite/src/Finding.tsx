import { ChatProvider, ChatRoom, MentionInbox, RoomList, SearchBox, useUnread } from '@chatoxide/react';
import '@chatoxide/react/styles.css';
import { useEffect, useState } from 'react';

/** A room that is open, perhaps at a message. */
interface Place {
  roomId: string;
  messageId?: string | null;
}

export function Finding({ token }: { token: string }) {
  const [place, setPlace] = useState<Place>({ roomId: 'general' });
  return (
    <ChatProvider token={token}>
      <Title />
      <SearchBox roomId={place.roomId} onOpen={({ roomId, id }) => setPlace({ roomId, messageId: id })} />
      <MentionInbox onOpen={({ roomId, messageId }) => setPlace({ roomId, messageId })} />
      <RoomList roomId={place.roomId} onOpen={(roomId) => setPlace({ roomId })} />
      <ChatRoom {...place} onShown={() => setPlace({ roomId: place.roomId })} />
    </ChatProvider>
  );
}

function Title() {
  const { unreadCount, mentionCount } = useUnread();
  useEffect(() => {
    document.title =
      mentionCount > 0 ? `@${mentionCount} Chat` : unreadCount > 0 ? `(${unreadCount}) Chat` : 'Chat';
  }, [unreadCount, mentionCount]);
  return null;
}
