// Runs the scenarios, the servers of each in alternation, and writes the medians into benches/README.md.
// `make bench` runs all; `make bench SCENARIOS="saturated typing" ROUNDS=1` some, and then only prints.
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SCENARIOS } from './scenarios.mjs';
import { measure } from './servers.mjs';

const README = path.join(import.meta.dirname, '../README.md');
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const BEGIN = '<!-- figures: written by make bench -->';
const END = '<!-- end of figures -->';

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(SCENARIOS).join(', ')}`);
  process.exit(64);
}
const names = chosen.length > 0 ? chosen : Object.keys(SCENARIOS);

/** The report whose numbers are, each by itself, the medians of all. */
function median(reports) {
  const [first] = reports;
  if (typeof first === 'number') {
    const sorted = [...reports].sort((one, other) => one - other);
    return sorted[Math.floor((sorted.length - 1) / 2)];
  }
  if (typeof first !== 'object' || first === null) return first;
  const keys = Object.keys(first);
  return Object.fromEntries(keys.map((key) => [key, median(reports.map((report) => report?.[key]))]));
}

/** A rule that is broken once is broken: faults are not medians. */
const worst = (reports, of) => Math.max(...reports.map(of));

function show(value, digits) {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const line = (cells) => `| ${cells.join(' | ')} |`;

async function runScenario(name) {
  const { title, servers, columns, bars, once } = SCENARIOS[name];
  const all = Object.fromEntries(servers.map((server) => [server, []]));
  for (let round = 0; round < (once ? 1 : ROUNDS); round++) {
    for (const server of servers) {
      const report = await measure(server, SCENARIOS[name]);
      all[server].push(report);
      const shown = columns.map(([column, of, digits]) => `${column.trim()} ${show(of(report), digits)}`);
      console.error(`${name} ${round + 1} ${server}: ${shown.join(', ')}; others ${show(report.cores.others, 2)}`);
    }
  }
  const of = Object.fromEntries(servers.map((server) => [server, median(all[server])]));
  const rows = servers.map((server) =>
    line([
      server,
      ...columns.map(([column, value, digits]) => {
        const isFault = /lost|failed/.test(column);
        return show(isFault ? worst(all[server], value) : value(of[server]), digits);
      }),
    ]),
  );
  const verdicts = bars(of).map(
    ({ text, value, unit, met }) => `- ${met ? 'met' : '**not met**'}: ${text} (${show(value, 1)} ${unit})`.replace(' )', ')'),
  );
  return [
    `### ${title}`,
    '',
    line(['', ...columns.map(([column]) => column.trim())]),
    line(['---', ...columns.map(() => '---:')]),
    ...rows,
    ...(verdicts.length > 0 ? ['', ...verdicts] : []),
    '',
  ].join('\n');
}

const sections = [];
for (const name of names) sections.push(await runScenario(name));
const cpu = os.cpus()[0].model.trim();
const memory = Math.round(os.totalmem() / 2 ** 30);
const machine =
  `${os.cpus().length} × ${cpu}, ${memory} GiB, ${os.type()} ${os.release()}, Node ${process.version}; ` +
  `servers, databases and generator share it. ${new Date().toISOString().slice(0, 10)}, medians of ${ROUNDS} rounds.`;
const figures = [machine, '', ...sections].join('\n');
if (chosen.length > 0) {
  console.log(figures);
} else {
  const text = await readFile(README, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest.split(END)[1];
  await writeFile(README, `${before}${BEGIN}\n\n${figures}\n${END}${after}`);
}
