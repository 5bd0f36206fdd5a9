// Prints the newest messages of a room and says hello, with socket.io-client alone.
import { io } from 'socket.io-client';

const { CHAT_URL: url = 'http://localhost:3000', CHAT_TOKEN: token } = process.env;
const socket = io(url, { auth: { token } });
socket.on('connect_error', ({ message }) => console.error(message));
socket.on('room:history', ({ messages }) => console.log(messages));
socket.emit('room:join', 'general');
socket.emit('message:send', { roomId: 'general', content: 'Hello' }, (ack) => {
  console.log(ack);
  socket.close();
});
