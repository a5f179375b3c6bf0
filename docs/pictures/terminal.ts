import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/**
 * Draws what a terminal showed as an SVG: `npx tsx docs/pictures/terminal.ts docs/pictures/start.svg < transcript.txt`. Lines that begin with `$ ` are what was
 * typed, lines that begin with `# ` are remarks.
 */
const measure = { fontSize: 14, lineHeight: 20, character: 8.43, padding: 18 };
const colours = { ground: '#0d1117', output: '#c9d1d9', typed: '#7ee787', remark: '#8b949e' };
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function drawTerminal(transcript: string): string {
  const { fontSize, lineHeight, character, padding } = measure;
  const lines = transcript.trimEnd().split('\n');
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * character + 2 * padding);
  const height = lines.length * lineHeight + 2 * padding;
  const rows = lines.map((line, i) => {
    const y = padding + (i + 0.75) * lineHeight;
    return `<text x="${padding}" y="${y}" fill="${colourOf(line)}" xml:space="preserve">${xmlText(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}">
<title>A terminal: ${xmlText(lines.find((line) => line.startsWith('$ '))?.slice(2) ?? '')}</title>
<rect width="100%" height="100%" rx="8" fill="${colours.ground}"/>
${rows.join('\n')}
</svg>
`;
}

function xmlText(text: string): string {
  return text.replace(/[&<>]/g, (mark) => entities[mark]!);
}

function colourOf(line: string): string {
  if (line.startsWith('$ ')) return colours.typed;
  return line.startsWith('# ') ? colours.remark : colours.output;
}

await writeFile(process.argv[2]!, drawTerminal(await text(process.stdin)));
