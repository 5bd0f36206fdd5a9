// Somebody's picture, or the first letters of the name.
import { useState } from 'react';
import { useRoomContext } from './context.js';
import { hueOf, initialsOf } from './text.js';

export function Avatar({ id, name }: { id: string; name: string }) {
  const picture = useRoomContext().avatarOf(id);
  const [broken, setBroken] = useState<string>();
  // A class and not a style, which a strict policy for pages may refuse.
  return (
    <span className={`chat-avatar chat-avatar--${Math.floor(hueOf(id) / 45)}`} aria-hidden="true">
      {picture && picture !== broken ? (
        <img
          src={picture}
          alt=""
          loading="lazy"
          decoding="async"
          referrerPolicy="no-referrer"
          onError={() => setBroken(picture)}
        />
      ) : (
        initialsOf(name)
      )}
    </span>
  );
}
