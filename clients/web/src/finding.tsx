// The dialogs that find messages: the search, the inbox of mentions, and the threads.
import { MentionInbox, SearchBox, ThreadList } from '@chatoxide/react';
import { Dialog } from './Dialog.js';

interface Props {
  onClose: () => void;
  /** Opens a room at a message, or the thread that hangs on it. */
  onOpen: (roomId: string, messageId: string) => void;
}

export function SearchDialog({ roomId, onClose, onOpen }: Props & { roomId: string | null }) {
  return (
    <Dialog title="Search" isWide onClose={onClose}>
      <SearchBox
        roomId={roomId}
        autoFocus
        onClose={onClose}
        onOpen={(message) => onOpen(message.roomId, message.id)}
      />
    </Dialog>
  );
}

export function InboxDialog({ onClose, onOpen }: Props) {
  return (
    <Dialog title="Mentions" isWide onClose={onClose}>
      <MentionInbox onOpen={(mention) => onOpen(mention.roomId, mention.messageId)} />
    </Dialog>
  );
}

export function ThreadsDialog({ onClose, onOpen }: Props) {
  return (
    <Dialog title="Threads" isWide onClose={onClose}>
      <ThreadList onOpen={({ roomId, root }) => onOpen(roomId, root.id)} />
    </Dialog>
  );
}
