// Renders the content of a message. It is untrusted input: all of it is rendered as text, and its addresses are
// checked first.
import { useState } from 'react';
import type { ChatMessage } from '../core/types.js';
import { useRoomContext } from './context.js';
import { Formatted } from './Formatted.js';
import { FileIcon } from './icons.js';
import { LongText } from './LongText.js';
import { imageAt, linkTo, sizeOf } from './text.js';

const LINK = { target: '_blank', rel: 'noopener noreferrer nofollow', tabIndex: -1 } as const;

export function Content({ message }: { message: ChatMessage }) {
  const { renderContent } = useRoomContext();
  if (renderContent) return renderContent(message);
  if (message.type === 'image') return <ImageContent message={message} />;
  if (message.type === 'file') return <FileContent message={message} />;
  return <LongText message={message} />;
}

function TextContent({ text }: { text: string }) {
  const { formatting, mentions } = useRoomContext();
  return <Formatted text={text} formatting={formatting} mentions={mentions} />;
}

interface Metadata {
  url?: unknown;
  name?: unknown;
  size?: unknown;
}

/** The address in the metadata, else the content when it is nothing but one. */
function sourceOf({ metadata, content }: ChatMessage): Metadata {
  const known = typeof metadata === 'object' && metadata !== null ? (metadata as Metadata) : {};
  return { ...known, url: known.url ?? (/^https?:\/\/\S+$/iu.test(content) ? content : undefined) };
}

function ImageContent({ message }: { message: ChatMessage }) {
  const { labels } = useRoomContext();
  const [broken, setBroken] = useState<string>();
  const { url, name } = sourceOf(message);
  const source = imageAt(url);
  const caption = message.content === url ? '' : message.content;
  if (!source) return <TextContent text={message.content || labels.image} />;
  const title = typeof name === 'string' && name ? name : caption || labels.image;
  const target = linkTo(url) ?? source;
  return (
    <figure className="chat-image">
      {source === broken ? (
        <Attachment title={title} target={linkTo(url)} note={labels.brokenImage} />
      ) : (
        <a href={target} {...LINK}>
          <img
            src={source}
            alt={title}
            loading="lazy"
            decoding="async"
            referrerPolicy="no-referrer"
            onError={() => setBroken(source)}
          />
        </a>
      )}
      {caption && caption !== (source === broken ? title : '') && (
        <figcaption>
          <TextContent text={caption} />
        </figcaption>
      )}
    </figure>
  );
}

function FileContent({ message }: { message: ChatMessage }) {
  const { labels } = useRoomContext();
  const { url, name, size } = sourceOf(message);
  const title = typeof name === 'string' && name ? name : message.content || labels.file;
  return <Attachment title={title} target={linkTo(url)} note={sizeOf(size)} />;
}

interface AttachmentProps {
  title: string;
  target: string | undefined;
  note: string | undefined;
}

function Attachment({ title, target, note }: AttachmentProps) {
  const body = (
    <>
      <FileIcon />
      <span className="chat-file-name" dir="auto">
        {title}
      </span>
      {note && <span className="chat-file-size">{note}</span>}
    </>
  );
  if (!target) return <span className="chat-file">{body}</span>;
  return (
    <a className="chat-file" href={target} {...LINK}>
      {body}
    </a>
  );
}
