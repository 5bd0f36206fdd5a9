import { ChatProvider, ChatRoom, forgetDrafts, OfflineClient } from '@chatoxide/react';
import '@chatoxide/react/styles.css';
import { useMemo } from 'react';

interface Props {
  url: string;
  token: string;
  userId: string;
  onSignOut: () => void;
}

export function Offline({ url, token, userId, onSignOut }: Props) {
  const client = useMemo(() => new OfflineClient({ url, token }), [url, token]);
  const signOut = async () => {
    await client.signOut();
    forgetDrafts(userId);
    onSignOut();
  };
  return (
    <ChatProvider client={client}>
      <ChatRoom roomId="general" header={<button onClick={() => void signOut()}>Sign out</button>} />
    </ChatProvider>
  );
}
