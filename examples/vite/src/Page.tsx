import { ChatRoom } from '@chatoxide/react';
import '@chatoxide/react/styles.css';

export function Page({ token }: { token: string }) {
  return <ChatRoom roomId="general" token={token} />;
}
