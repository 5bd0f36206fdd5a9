// Somebody's picture, or the first letters of the name.
import { useState } from 'react';
import { hueOf, initialsOf, pictureAt } from './text.js';

export interface AvatarProps {
  /** The user's id: the same id has the same colour. */
  id: string;
  name: string;
  /** The address of a picture; one that is not to be trusted is not asked for. */
  picture?: string | null | undefined;
}

export function Avatar({ id, name, picture: address }: AvatarProps) {
  const picture = pictureAt(address);
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
