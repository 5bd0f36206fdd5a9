// Sends an event of its own to the others in a room, and prints theirs. The server has RELAY_EVENTS=call:*.
import { io } from 'socket.io-client';

const { CHAT_URL: url = 'http://localhost:3000', CHAT_TOKEN: token } = process.env;
const socket = io(url, { auth: { token } });
socket.on('connect_error', ({ message }) => console.error(message));
socket.on('call:offer', ({ roomId, sdp, senderId, senderName }) =>
  console.log(`${senderName} (${senderId}) calls ${roomId}: ${sdp}`),
);
socket.emit('room:join', 'general');
socket.emit('call:offer', { roomId: 'general', sdp: 'v=0' }, (ack) => console.log(ack));
