// Drawings for buttons; the buttons carry the names.
import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const LogoIcon = () => (
  <svg className="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path d="M6 5h20a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H15l-7 6v-6H6a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3z" />
    <path className="logo-lines" d="M10 12h12M10 16.5h8" />
  </svg>
);
export const BackIcon = () => (
  <Icon>
    <path d="M12.25 4.5 6.75 10l5.5 5.5" />
  </Icon>
);
export const PlusIcon = () => (
  <Icon>
    <path d="M10 4v12M4 10h12" />
  </Icon>
);
export const InviteIcon = () => (
  <Icon>
    <path d="M8 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 16.5a5.5 5.5 0 0 1 11 0M15.5 6.5v5M13 9h5" />
  </Icon>
);
export const PeopleIcon = () => (
  <Icon>
    <path d="M7.5 9.25a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM2.5 16a5 5 0 0 1 10 0M13 9a2.3 2.3 0 1 0-.9-4.4M14.25 11.4a4.6 4.6 0 0 1 3.25 4.4" />
  </Icon>
);
export const ThemeIcon = () => (
  <Icon>
    <path d="M16 11.75A6.5 6.5 0 0 1 8.25 4a6.5 6.5 0 1 0 7.75 7.75z" />
  </Icon>
);
export const LightIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.25" />
    <path d="M10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M4.7 15.3l1.4-1.4M13.9 6.1l1.4-1.4" />
  </Icon>
);
export const SystemIcon = () => (
  <Icon>
    <path d="M3 4h14v9.5H3zM7 16.5h6M10 13.5v3" />
  </Icon>
);
export const LeaveIcon = () => (
  <Icon>
    <path d="M11.5 3.5H4.75v13h6.75M8.5 10h8M13.5 7l3 3-3 3" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="8.75" cy="8.75" r="5.25" />
    <path d="m12.75 12.75 4 4" />
  </Icon>
);
export const MentionIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3" />
    <path d="M13 7v3.75a2 2 0 0 0 4 0V10a7 7 0 1 0-3 5.75" />
  </Icon>
);
export const ThreadsIcon = () => (
  <Icon>
    <path d="M3.5 4h9v6.5H7l-3.5 2.75zM15 7.5h1.5v8.25L13.5 13.5H8.5" />
  </Icon>
);
export const SettingsIcon = () => (
  <Icon>
    <path d="M3 6h7.5M14.5 6H17M3 14h2.5M9.5 14H17" />
    <circle cx="12.5" cy="6" r="2" />
    <circle cx="7.5" cy="14" r="2" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);
