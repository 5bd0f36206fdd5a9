// The chunks of long messages that the server in memory has, until all are there.
import { ChatError } from '../core/errors.js';
import type { Chunk, ChunkProgress } from '../core/protocol.js';

export class Chunks {
  /** By user and id. */
  private readonly uploads = new Map<string, Map<number, string>>();

  /** The whole content with the last chunk; otherwise the answer. */
  add(userId: string, { id, index, count }: Chunk, content: string): string | ChunkProgress {
    if (count < 1 || count > 1_000 || index >= count) throw new ChatError('bad_input', 'chunk: impossible');
    const name = JSON.stringify([userId, id]);
    const upload = this.uploads.get(name) ?? new Map<number, string>();
    if ((upload.get(index) ?? content) !== content)
      throw new ChatError('conflict', 'The chunk with this index has come with another content');
    this.uploads.set(name, upload.set(index, content));
    const missing = Array.from({ length: count }, (_, at) => at).filter((at) => !upload.has(at));
    if (missing.length > 0) return { id, count, received: upload.size, missing: missing.slice(0, 100) };
    this.uploads.delete(name);
    return Array.from({ length: count }, (_, at) => upload.get(at) ?? '').join('');
  }
}
