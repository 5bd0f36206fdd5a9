// The user's settings, as a hook.
import { settingsOf, type Settings, type SettingsState } from '../core/userSettings.js';
import { useChatClient } from './context.js';
import { useSelected } from './hooks.js';

const all = (state: SettingsState) => state;

/** The settings of the user on all devices, such as whether others see what they have read. Needs a `ChatProvider`. */
export function useSettings(): SettingsState & Pick<Settings, 'update'> {
  const settings = settingsOf(useChatClient());
  return { ...useSelected(settings, all), update: settings.update };
}
