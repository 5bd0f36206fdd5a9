// The user's settings, which the server keeps for all devices.
import { useSettings } from '@chatoxide/react';
import { useId } from 'react';
import { Dialog } from './Dialog.js';
import { sentenceOf } from './words.js';

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const { settings, refusal, update } = useSettings();
  const hint = useId();
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div className="dialog-form">
        <label className="choice">
          <input
            type="checkbox"
            checked={settings?.privateReads ?? false}
            disabled={settings === null}
            aria-describedby={hint}
            onChange={({ target }) => void update({ privateReads: target.checked })}
          />
          Read in private
        </label>
        <p id={hint} className="quiet">
          Others do not see which messages you have read. What they have seen already stays visible to them.
        </p>
        {settings === null && !refusal && <p role="status">Loading…</p>}
        {refusal && (
          <p className="danger" role="alert">
            {sentenceOf(Object.assign(new Error(refusal.error), { code: refusal.code }))}
          </p>
        )}
      </div>
    </Dialog>
  );
}
