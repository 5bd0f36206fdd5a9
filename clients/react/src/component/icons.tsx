// Drawings for buttons; the buttons carry the names.
import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="chat-icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const SmileIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7.25" />
    <path d="M7 11.75a3.5 3.5 0 0 0 6 0M7.5 7.9v.2M12.5 7.9v.2" />
  </Icon>
);

export const ReplyIcon = () => (
  <Icon>
    <path d="M8.25 5 3.5 9.5l4.75 4.5M3.75 9.5h7.5a5.25 5.25 0 0 1 5.25 5.25V16" />
  </Icon>
);

export const ThreadIcon = () => (
  <Icon>
    <path d="M3.5 4.5h13v8.5h-7L6 16.25V13H3.5zM6.75 7.5h6.5M6.75 10h4" />
  </Icon>
);

export const EditIcon = () => (
  <Icon>
    <path d="m4 13.25-.75 3.5 3.5-.75L16 6.75 13.25 4zM11.5 5.75l2.75 2.75" />
  </Icon>
);

export const DeleteIcon = () => (
  <Icon>
    <path d="M3.5 5.75h13M8 5.5V3.75h4V5.5M5.25 6l.75 10.25h8L14.75 6M8.5 9v4.5M11.5 9v4.5" />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M3.5 10 16.75 3.75 13 16.5l-3.5-5zM9.5 11.5l3.25-3.5" />
  </Icon>
);

export const DownIcon = () => (
  <Icon>
    <path d="M10 4v11.5M5 10.75l5 5 5-5" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);

export const FileIcon = () => (
  <Icon>
    <path d="M5 3.25h6.5l3.5 3.5v10H5zM11.25 3.5V7H15" />
  </Icon>
);

export const HashIcon = () => (
  <Icon>
    <path d="M8 3.5 6.5 16.5M13.5 3.5 12 16.5M4 7.5h12.5M3.5 12.5H16" />
  </Icon>
);

export const LockIcon = () => (
  <Icon>
    <path d="M4.75 9h10.5v7.5H4.75zM7 9V6.5a3 3 0 0 1 6 0V9" />
  </Icon>
);

export const PersonIcon = () => (
  <Icon>
    <path d="M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5a6 6 0 0 1 12 0" />
  </Icon>
);

export const SearchIcon = () => (
  <Icon>
    <circle cx="8.75" cy="8.75" r="5.25" />
    <path d="m12.75 12.75 4 4" />
  </Icon>
);

export const UnreadIcon = () => (
  <Icon>
    <path d="M14.5 10v6H3.5V5h7M3.5 8l5.5 4 3-2" />
    <circle cx="15" cy="5.5" r="2.25" />
  </Icon>
);

export const SeenIcon = () => (
  <Icon>
    <path d="M2.5 10s2.75-4.75 7.5-4.75S17.5 10 17.5 10 14.75 14.75 10 14.75 2.5 10 2.5 10z" />
    <circle cx="10" cy="10" r="2.25" />
  </Icon>
);
