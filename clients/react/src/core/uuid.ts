// Random ids. `crypto.randomUUID` is only there on https and localhost; what it is made of is there everywhere.

/** A UUID of version 4, of 120 random bits. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/u, '$1-$2-4$3-8$4-');
}
