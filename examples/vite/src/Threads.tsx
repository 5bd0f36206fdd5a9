import { ChatProvider, ChatRoom, Thread, ThreadList, useUnreadThreads } from '@chatoxide/react';
import '@chatoxide/react/styles.css';
import { useState } from 'react';

interface Place {
  roomId: string;
  rootId?: string;
}

export function Threads({ token }: { token: string }) {
  const [{ roomId, rootId }, setPlace] = useState<Place>({ roomId: 'general' });
  return (
    <ChatProvider token={token}>
      <Title />
      <ThreadList onOpen={(thread) => setPlace({ roomId: thread.roomId, rootId: thread.root.id })} />
      <ChatRoom roomId={roomId} onOpenThread={(id) => setPlace({ roomId, rootId: id })} />
      {rootId && <Thread key={rootId} roomId={roomId} rootId={rootId} onClose={() => setPlace({ roomId })} />}
    </ChatProvider>
  );
}

function Title() {
  return <h2>Threads ({useUnreadThreads().size} unread)</h2>;
}
