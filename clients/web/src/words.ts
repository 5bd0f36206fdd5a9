// Errors in words for people.
import { ENGLISH } from '@chatoxide/react';

/** The reason of an error, as it follows a colon. */
export function reasonOf(error: Error): string {
  return ENGLISH.reason({
    code: (error as Parameters<typeof ENGLISH.reason>[0] & Error).code,
    error: error.message,
  });
}

/** The reason of an error as a sentence. */
export function sentenceOf(error: Error): string {
  const reason = reasonOf(error);
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? '' : '.'}`;
}
