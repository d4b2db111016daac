import { readFile } from 'node:fs/promises';
import { IDS, unpackProgram, type PageData } from '../html/page-data.ts';
import { interpreted } from './interpreted.ts';
import type { OpenFile } from './opened.ts';

/** What the page holds, run by what interprets it there. */
export const openHtml: OpenFile = async (target, predict) => {
  const html = await readFile(target, 'utf8');
  if (!html.trimEnd().endsWith('</html>')) throw new Error('the page is cut off');
  const data = JSON.parse(textOf(html, IDS.data)) as PageData;
  const program = unpackProgram(data, Buffer.from(textOf(html, IDS.weights), 'base64'));
  return interpreted("the page's own interpreter", program, {}, predict);
};

/** What an element of the page holds. Throws where it is not there. */
function textOf(html: string, id: string): string {
  const [, text] = new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`).exec(html) ?? [];
  if (text === undefined) throw new Error(`the page holds no ${id}`);
  return text;
}
