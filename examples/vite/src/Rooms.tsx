import { ChatProvider, ChatRoom, RoomList } from '@chatoxide/react';
import '@chatoxide/react/styles.css';
import { useState } from 'react';

export function Rooms({ token }: { token: string }) {
  const [roomId, setRoomId] = useState('general');
  return (
    <ChatProvider token={token}>
      <RoomList roomId={roomId} onOpen={setRoomId} />
      <ChatRoom roomId={roomId} autoFocus />
    </ChatProvider>
  );
}
