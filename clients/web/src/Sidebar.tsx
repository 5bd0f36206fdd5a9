// The sidebar: the threads, the list of rooms, a search in it, and the user.
import {
  Avatar,
  countText,
  PresenceBadge,
  RoomList,
  StatusLine,
  useMentions,
  usePresence,
  useUnreadThreads,
  type AvatarProps,
  type RoomSection,
} from '@chatoxide/react';
import { useState } from 'react';
import {
  LeaveIcon,
  LightIcon,
  LogoIcon,
  MentionIcon,
  PlusIcon,
  SearchIcon,
  SettingsIcon,
  SystemIcon,
  ThemeIcon,
  ThreadsIcon,
} from './icons.js';
import { hashOf } from './route.js';
import { after, apply, storedTheme } from './theme.js';
import type { OpenDialog } from './Workspace.js';

interface Props {
  user: { id: string; name: string };
  roomId: string | null;
  onDialog: (dialog: OpenDialog) => void;
  onSignOut: () => void;
}

export function Sidebar({ user, roomId, onDialog, onSignOut }: Props) {
  const [query, setQuery] = useState('');
  const action = (section: RoomSection) => {
    if (section === 'public') return null;
    const isRoom = section === 'rooms';
    const label = isRoom ? 'New room' : 'New message';
    return (
      <button
        className="icon-button"
        aria-label={label}
        title={label}
        onClick={() => onDialog(isRoom ? 'room' : 'message')}
      >
        <PlusIcon />
      </button>
    );
  };
  return (
    <nav className="sidebar" aria-label="Rooms">
      <header className="sidebar-header">
        <LogoIcon />
        <span className="sidebar-title">chatoxide</span>
        <button
          className="icon-button"
          aria-label="Search messages"
          title="Search messages (Ctrl+F)"
          onClick={() => onDialog('search')}
        >
          <SearchIcon />
        </button>
        <InboxButton onClick={() => onDialog('inbox')} />
        <ThemeButton />
      </header>
      <input
        type="search"
        className="search"
        placeholder="Find a room"
        aria-label="Find a room"
        title="Ctrl+K opens a room from anywhere"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ThreadsButton onClick={() => onDialog('threads')} />
      <div className="sidebar-list">
        <RoomList roomId={roomId} hrefOf={hashOf} query={query} sectionAction={action} components={PARTS} />
      </div>
      <footer className="sidebar-footer">
        <button className="sidebar-me" title="Set your status" onClick={() => onDialog('status')}>
          <Face id={user.id} name={user.name} />
          <span className="member-text">
            <span className="hidden">Your status, </span>
            <span className="sidebar-user" dir="auto">
              {user.name}
            </span>
            <span className="quiet member-status">
              <OwnStatus id={user.id} />
            </span>
          </span>
        </button>
        <button
          className="icon-button"
          aria-label="Settings"
          title="Settings"
          onClick={() => onDialog('settings')}
        >
          <SettingsIcon />
        </button>
        <button className="icon-button" aria-label="Sign out" title="Sign out" onClick={onSignOut}>
          <LeaveIcon />
        </button>
      </footer>
    </nav>
  );
}

function InboxButton({ onClick }: { onClick: () => void }) {
  const { unreadCount } = useMentions();
  const label = unreadCount > 0 ? `Mentions, ${countText(unreadCount)} unread` : 'Mentions';
  return (
    <button className="icon-button inbox-button" aria-label={label} title={label} onClick={onClick}>
      <MentionIcon />
      {unreadCount > 0 && (
        <span className="inbox-count" aria-hidden="true">
          {countText(unreadCount)}
        </span>
      )}
    </button>
  );
}

function ThreadsButton({ onClick }: { onClick: () => void }) {
  const { size } = useUnreadThreads();
  const isUnread = size > 0;
  return (
    <button
      className={isUnread ? 'sidebar-threads unread' : 'sidebar-threads'}
      aria-label={isUnread ? `Threads ${countText(size)} unread` : 'Threads'}
      onClick={onClick}
    >
      <ThreadsIcon />
      Threads {isUnread && <span className="sidebar-count">{countText(size)}</span>}
    </button>
  );
}

/** A picture with the presence of its user, once it is known. */
function Face(props: AvatarProps) {
  const presence = usePresence([props.id]).get(props.id);
  return (
    <span className="face" aria-hidden="true">
      <Avatar {...props} />
      {presence && <PresenceBadge className="dot" state={presence.state} />}
    </span>
  );
}

const PARTS = { Avatar: Face };

function OwnStatus({ id }: { id: string }) {
  return <StatusLine presence={usePresence([id]).get(id)} />;
}

const THEMES = {
  system: { label: 'Theme: system', icon: <SystemIcon /> },
  light: { label: 'Theme: light', icon: <LightIcon /> },
  dark: { label: 'Theme: dark', icon: <ThemeIcon /> },
};

function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  const { label, icon } = THEMES[theme];
  const change = () => {
    apply(after(theme));
    setTheme(after(theme));
  };
  return (
    <button className="icon-button" aria-label={label} title={label} onClick={change}>
      {icon}
    </button>
  );
}
