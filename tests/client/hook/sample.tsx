// A hook and a component as somebody may have written them: small, and right. The checks are tried on it, and on it with
// one fault at a time.
import { useCallback, useEffect, useRef, useState } from 'react';
import { io, type Socket } from 'socket.io-client';

interface Message {
  id: string;
  senderId: string;
  senderName: string;
  content: string;
  createdAt: string;
  updatedAt?: string | null;
  reactions?: { emoji: string; userId: string }[];
}

interface Answer {
  success: boolean;
  error?: string;
  message: Message;
  messages: Message[];
}

interface Typing {
  userId: string;
  userName: string;
}

const SERVER = process.env.NEXT_PUBLIC_CHAT_URL ?? 'http://localhost:3000';

export function useChat(roomId: string, token: string) {
  const socket = useRef<Socket | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [connected, setConnected] = useState(false);
  const [messages, setMessages] = useState<Message[]>([]);
  const [members, setMembers] = useState<{ id: string; name: string }[]>([]);
  const [typingUsers, setTyping] = useState<Typing[]>([]);

  useEffect(() => {
    const chat = io(SERVER, { auth: { token } });
    socket.current = chat;
    const change = (id: string, next: (message: Message) => Message) =>
      setMessages((all) => all.map((message) => (message.id === id ? next(message) : message)));
    const quiet = (id: string) => setTyping((all) => all.filter(({ userId }) => userId !== id));

    chat.on('connect', () => {
      setConnected(true);
      chat.emit('room:join', roomId);
    });
    chat.on('disconnect', () => setConnected(false));
    chat.on('room:history', ({ messages }: { messages: Message[] }) => setMessages(messages.toReversed()));
    chat.on('room:members', ({ members }: { members: { id: string; name: string }[] }) =>
      setMembers(members),
    );
    chat.on('message:new', (message: Message) => {
      setMessages((all) => [...all, message]);
      quiet(message.senderId);
    });
    chat.on('message:updated', (message: Message) => change(message.id, () => message));
    chat.on('message:deleted', ({ messageId }: { messageId: string }) =>
      setMessages((all) => all.filter(({ id }) => id !== messageId)),
    );
    chat.on(
      'reaction:added',
      ({ messageId, ...reaction }: { messageId: string; emoji: string; userId: string }) =>
        change(messageId, (message) => ({ ...message, reactions: [...(message.reactions ?? []), reaction] })),
    );
    chat.on(
      'reaction:removed',
      ({ messageId, ...gone }: { messageId: string; emoji: string; userId: string }) =>
        change(messageId, (message) => ({
          ...message,
          reactions: message.reactions?.filter(
            ({ emoji, userId }) => emoji !== gone.emoji || userId !== gone.userId,
          ),
        })),
    );
    chat.on('typing:user', (typing: Typing) => {
      quiet(typing.userId);
      setTyping((all) => [...all, typing]);
    });
    chat.on('typing:stopped', ({ userId }: Typing) => quiet(userId));
    return () => {
      clearTimeout(timer.current);
      chat.disconnect();
    };
  }, [roomId, token]);

  const tell = useCallback((event: string, body: unknown) => void socket.current?.emit(event, body), []);
  const ask = useCallback(
    (event: string, body: unknown) =>
      new Promise<Answer>((resolve, reject) => {
        socket.current?.emit(event, body, (answer: Answer) =>
          answer.success ? resolve(answer) : reject(new Error(answer.error)),
        );
      }),
    [],
  );

  const stopTyping = () => {
    clearTimeout(timer.current);
    tell('typing:stop', roomId);
  };
  return {
    connected,
    messages,
    members,
    typingUsers,
    sendMessage: async (content: string) => (await ask('message:send', { roomId, content })).message,
    editMessage: async (messageId: string, content: string) =>
      (await ask('message:edit', { messageId, content })).message,
    deleteMessage: (messageId: string) => tell('message:delete', { messageId, roomId }),
    addReaction: (messageId: string, emoji: string) => tell('reaction:add', { messageId, roomId, emoji }),
    removeReaction: (messageId: string, emoji: string) =>
      tell('reaction:remove', { messageId, roomId, emoji }),
    startTyping: () => {
      tell('typing:start', roomId);
      clearTimeout(timer.current);
      timer.current = setTimeout(stopTyping, 3_000);
    },
    stopTyping,
    loadMore: async () => {
      const page = await ask('messages:load', { roomId, before: messages[0]?.createdAt });
      setMessages((all) => [...page.messages.toReversed(), ...all]);
    },
    markAsRead: () => tell('room:read', roomId),
  };
}

export function ChatRoom({ roomId, token }: { roomId: string; token: string }) {
  const chat = useChat(roomId, token);
  const [text, setText] = useState('');
  const { markAsRead } = chat;
  useEffect(() => {
    window.addEventListener('focus', markAsRead);
    return () => window.removeEventListener('focus', markAsRead);
  }, [markAsRead]);

  return (
    <main>
      <p>{chat.connected ? 'online' : 'no connection'}</p>
      <ol
        style={{ overflowY: 'auto' }}
        onScroll={(event) => event.currentTarget.scrollTop === 0 && void chat.loadMore()}
      >
        {chat.messages.map((message) => (
          <li key={message.id}>
            <b>{message.senderName}</b> <span>{message.content}</span>
            {message.updatedAt && <i>edited</i>}
            {message.reactions?.map(({ emoji, userId }) => (
              <button key={emoji + userId} onClick={() => chat.addReaction(message.id, emoji)}>
                {emoji}
              </button>
            ))}
          </li>
        ))}
      </ol>
      <p>{chat.typingUsers.map(({ userName }) => `${userName} is writing`)}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void chat.sendMessage(text).then(() => setText(''));
        }}
      >
        <input
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            if (event.target.value) chat.startTyping();
            else chat.stopTyping();
          }}
        />
      </form>
    </main>
  );
}
