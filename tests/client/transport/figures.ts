// Keeps what the tests of this folder measured until the run ends and the page docs/transport.md is written.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const FIGURES = path.join(import.meta.dirname, '../artifacts/transport');

/** The parts of the page. */
export const SECTIONS = ['upgrade', 'ids', 'heartbeat', 'latency'] as const;
export type Section = (typeof SECTIONS)[number];

/** Keeps the rows of one part of the page. */
export async function recordFigures(section: Section, rows: Record<string, string>[]): Promise<void> {
  await mkdir(FIGURES, { recursive: true });
  await writeFile(path.join(FIGURES, `${section}.json`), JSON.stringify(rows, null, 2));
}
