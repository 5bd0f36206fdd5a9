// Random ids. `crypto.randomUUID` is only there on https and localhost; what it is made of is there in every browser.

/** A UUID of version 4. It names things and guards nothing. */
export function uuid(): string {
  const hex = Array.from(randomBytes(), (byte, index) => {
    const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, '0');
  }).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(16);
  // React Native has no `crypto`.
  if (typeof crypto === 'undefined') return bytes.map(() => Math.random() * 256);
  return crypto.getRandomValues(bytes);
}
