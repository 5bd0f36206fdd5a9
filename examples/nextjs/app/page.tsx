import { ChatRoom } from '@chatoxide/react';
import '@chatoxide/react/styles.css';
import { chatToken } from './chatToken';

export const dynamic = 'force-dynamic'; // A token is made for each visitor.

export default async function Page() {
  const token = await chatToken({ id: 'alice', name: 'Alice' }); // Your signed-in user.
  return <ChatRoom roomId="general" token={token} url={process.env.CHAT_URL} />;
}
