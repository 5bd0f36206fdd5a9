import { ChatProvider, ChatRoom, Thread } from '@chatoxide/react';
import '@chatoxide/react/styles.css';
import { useState } from 'react';

export function Threads({ token }: { token: string }) {
  const [rootId, setRootId] = useState<string | null>(null);
  return (
    <ChatProvider token={token}>
      <ChatRoom roomId="general" onOpenThread={setRootId} />
      {rootId && <Thread key={rootId} roomId="general" rootId={rootId} onClose={() => setRootId(null)} />}
    </ChatProvider>
  );
}
