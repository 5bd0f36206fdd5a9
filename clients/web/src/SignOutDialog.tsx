// Asks before signing out while something is not sent: nothing of a user stays in the browser after that.
import { Dialog } from './Dialog.js';

interface Props {
  /** The number of messages and changes that the server does not have. */
  count: number;
  onClose: () => void;
  onDone: () => void;
}

export function SignOutDialog({ count, onClose, onDone }: Props) {
  const what =
    count === 1
      ? 'A message or change of yours is not sent yet, and is lost'
      : `${count} messages or changes of yours are not sent yet, and are lost`;
  return (
    <Dialog title="Sign out?" onClose={onClose}>
      <p>Signing out erases what this browser keeps of you. {what} then.</p>
      <div className="dialog-buttons">
        <button className="button" onClick={onClose}>
          Cancel
        </button>
        <button className="button button-main" onClick={onDone}>
          Sign out and discard
        </button>
      </div>
    </Dialog>
  );
}
