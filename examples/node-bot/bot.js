// A bot that repeats what follows `!echo`.
import { ChatClient } from '@chatoxide/react/core';

const {
  CHAT_URL: url = 'http://localhost:3000',
  CHAT_TOKEN: token,
  CHAT_ROOM: roomId = 'general',
} = process.env;
if (!token)
  throw new Error('Set CHAT_TOKEN: the command `chatoxide token --sub echo --name Echo` prints one');

const client = new ChatClient({ url, token });
const room = client.room(roomId);
let known; // The ids of the messages that have been looked at.

room.subscribe(() => {
  const { isReady, messages, refusal } = room.get();
  if (refusal) console.error(`Cannot enter ${roomId}: ${refusal.error}`);
  if (!isReady) return;
  const fresh = known ? messages.filter(({ id }) => !known.has(id)) : [];
  known = new Set(messages.map(({ id }) => id));
  for (const { id, senderId, content } of fresh)
    if (senderId !== client.get().user?.id && content.startsWith('!echo '))
      room.sendMessage(content.slice('!echo '.length), { replyTo: id });
});
client.subscribe(() => {
  const { status, refusal } = client.get();
  console.log(refusal ? `${status}: ${refusal.error}` : status);
});

const leave = client.enter(roomId);
process.once('SIGINT', leave); // The program ends by itself when nothing is left to do.
