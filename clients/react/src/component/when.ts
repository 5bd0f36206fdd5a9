// The time of a message outside of its room, where no line above it says the day.
import { dayName, timeOf } from './rows.js';

export function whenOf(at: string, labels: { today: string; yesterday: string }): string {
  return `${dayName(new Date(at), labels)}, ${timeOf(at)}`;
}
