// What a message says. It is somebody else's: all of it is text, and what it points to is looked at first.
import type { ChatMessage } from '../core/types.js';
import { useRoomContext } from './context.js';
import { FileIcon } from './icons.js';
import { imageAt, isOnlyEmoji, linkTo, sizeOf, split } from './text.js';

export function Content({ message }: { message: ChatMessage }) {
  const { renderContent } = useRoomContext();
  if (renderContent) return renderContent(message);
  if (message.type === 'image') return <ImageContent message={message} />;
  if (message.type === 'file') return <FileContent message={message} />;
  return <TextContent text={message.content} />;
}

export function TextContent({ text }: { text: string }) {
  return (
    <div className={isOnlyEmoji(text) ? 'chat-text chat-text--emoji' : 'chat-text'} dir="auto">
      {split(text).map((part, index) =>
        part.kind === 'link' ? (
          <a key={index} href={part.text} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ) : (
          part.text
        ),
      )}
    </div>
  );
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
  const { url, name } = sourceOf(message);
  const source = imageAt(url);
  const caption = message.content === url ? '' : message.content;
  if (!source) return <TextContent text={message.content || labels.image} />;
  const alt = typeof name === 'string' && name ? name : caption || labels.image;
  return (
    <figure className="chat-image">
      <a href={linkTo(url) ?? source} target="_blank" rel="noopener noreferrer nofollow">
        <img src={source} alt={alt} loading="lazy" decoding="async" referrerPolicy="no-referrer" />
      </a>
      {caption && (
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
  const target = linkTo(url);
  const title = typeof name === 'string' && name ? name : message.content || labels.file;
  const body = (
    <>
      <FileIcon />
      <span className="chat-file-name" dir="auto">
        {title}
      </span>
      {sizeOf(size) && <span className="chat-file-size">{sizeOf(size)}</span>}
    </>
  );
  if (!target) return <span className="chat-file">{body}</span>;
  return (
    <a className="chat-file" href={target} target="_blank" rel="noopener noreferrer nofollow">
      {body}
    </a>
  );
}
