// Random ids. `crypto.randomUUID` is only there on https and localhost; what it is made of is there in every browser.

/** A UUID of version 4, of 120 random bits. It names things and guards nothing. */
export function uuid(): string {
  const hex = Array.from(randomBytes(), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/u, '$1-$2-4$3-8$4-');
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(16);
  // React Native has no `crypto`.
  if (typeof crypto === 'undefined') return bytes.map(() => Math.random() * 256);
  return crypto.getRandomValues(bytes);
}
