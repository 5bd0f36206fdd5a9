// The list of rooms, with what is unread in each.
import { Avatar, useRooms, type ListedRoom } from '@chatoxide/react';
import { useEffect, useRef, useState } from 'react';
import { LeaveIcon, LightIcon, LogoIcon, PlusIcon, SystemIcon, ThemeIcon } from './icons.js';
import { RoomIcon } from './RoomIcon.js';
import { matching, nameOf, sectionsOf, unreadText } from './rooms.js';
import { hashOf } from './route.js';
import { after, apply, storedTheme } from './theme.js';
import type { Dialog } from './Workspace.js';

interface Props {
  user: { id: string; name: string };
  roomId: string | null;
  onDialog: (dialog: Dialog) => void;
  onSignOut: () => void;
}

export function Sidebar({ user, roomId, onDialog, onSignOut }: Props) {
  const { rooms, isReady, refusal } = useRooms();
  const [query, setQuery] = useState('');
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      search.current?.focus();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
  const found = matching(rooms, query);
  const sections = sectionsOf(found);
  return (
    <nav className="sidebar" aria-label="Rooms">
      <header className="sidebar-header">
        <LogoIcon />
        <span className="sidebar-title">chatoxide</span>
        <ThemeButton />
      </header>
      <input
        ref={search}
        type="search"
        className="search"
        placeholder="Find a room"
        aria-label="Find a room"
        aria-keyshortcuts="Control+K Meta+K"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div className="sidebar-list">
        {refusal && !isReady && <p className="danger">{refusal.error}</p>}
        {!isReady && !refusal && <p className="quiet">Loading…</p>}
        <Section
          title="Rooms"
          rooms={sections.rooms}
          roomId={roomId}
          action="New room"
          onAction={() => onDialog('room')}
        />
        <Section
          title="Direct messages"
          rooms={sections.direct}
          roomId={roomId}
          action="New message"
          onAction={() => onDialog('message')}
        />
        {sections.others.length > 0 && (
          <Section title="Open to all" rooms={sections.others} roomId={roomId} />
        )}
        {isReady && query && found.length === 0 && <p className="quiet">No room of that name.</p>}
      </div>
      <footer className="sidebar-footer">
        <Avatar id={user.id} name={user.name} />
        <span className="sidebar-user" dir="auto">
          {user.name}
        </span>
        <button className="icon-button" aria-label="Sign out" title="Sign out" onClick={onSignOut}>
          <LeaveIcon />
        </button>
      </footer>
    </nav>
  );
}

const THEMES = {
  system: { label: 'Colours: as the system', icon: <SystemIcon /> },
  light: { label: 'Colours: light', icon: <LightIcon /> },
  dark: { label: 'Colours: dark', icon: <ThemeIcon /> },
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

interface SectionProps {
  title: string;
  rooms: ListedRoom[];
  roomId: string | null;
  action?: string;
  onAction?: () => void;
}

function Section({ title, rooms, roomId, action, onAction }: SectionProps) {
  return (
    <section className="section">
      <div className="section-header">
        <h2>{title}</h2>
        {action && (
          <button className="icon-button" aria-label={action} title={action} onClick={onAction}>
            <PlusIcon />
          </button>
        )}
      </div>
      <ul>
        {rooms.map((room) => (
          <li key={room.id}>
            <RoomLink room={room} isOpen={room.id === roomId} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RoomLink({ room, isOpen }: { room: ListedRoom; isOpen: boolean }) {
  const unread = isOpen ? 0 : room.unreadCount;
  return (
    <a
      className={unread > 0 ? 'room room-unread' : 'room'}
      href={hashOf(room.id)}
      aria-current={isOpen ? 'page' : undefined}
    >
      <RoomIcon room={room} />
      <span className="room-name" dir="auto">
        {nameOf(room)}
      </span>
      {unread > 0 && (
        <span className="badge" aria-label={`${unreadText(unread)} unread`}>
          {unreadText(unread)}
        </span>
      )}
    </a>
  );
}
