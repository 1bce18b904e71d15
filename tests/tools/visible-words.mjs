// The words a browser shows, line by line: JSON strings of HTML in, JSON arrays of words out. By a parser other than the
// converter's and by rules of its own, so that the two can be held against each other.
// Argument: the node_modules folder that tests/tools/package.json was installed into.
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { parse, html: standard } = await import(pathToFileURL(join(resolve(process.argv[2]), 'parse5', 'dist', 'index.js')));

const set = (names) => new Set(names.split(/\s+/));
const NEVER = set(`area audio base basefont canvas datalist embed frame frameset head iframe link meta meter noembed noframes
  noscript param progress rp script source style template title track video`);
const NEVER_IN_SVG = set(`clipPath defs desc linearGradient marker mask metadata pattern radialGradient script style
  symbol title`);
const LINES = set(`address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
  figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup
  option p plaintext pre search section summary table tbody td tfoot th thead tr ul xmp`);
// Elements whose place in the flow of text a style may change.
const INLINE_BY_STYLE = set('div p section article header footer nav main figure figcaption legend fieldset address form center');

// What nobody means as an element: addresses in angle brackets, and all of a text that has no element of HTML in it.
const ELEMENTS = new Set([
  ...Object.values(standard.TAG_NAMES), ...NEVER, ...LINES,
  ...`abbr acronym bdi bdo bgsound blink cite data del dfn ins kbd map mark meter output picture q samp slot time u var`.split(' '),
]);
const ADDRESS = /<(?=[a-z0-9][a-z0-9+.-]*:\/\/[^\s<>]+>|[a-z0-9][^\s<>@='"/]*@[^\s<>='"/]+>)/gi;

function meant(html) {
  const upTo = html.lastIndexOf('>');
  const tags = upTo < 0 ? [] : [...html.matchAll(/<(\/?)([^\s\/<>]*)/g)].filter(({ index }) => index < upTo);
  const isMarkup = ([, end, name]) =>
    (!end && name.startsWith('!')) || ELEMENTS.has(name.toLowerCase()) || (end && /[-:]/.test(name));
  return tags.some(isMarkup) ? html.replace(ADDRESS, '&lt;') : html.replaceAll('<', '&lt;');
}

function styles(node) {
  const result = {};
  const style = node.attrs.find((attr) => attr.name === 'style')?.value ?? '';
  const declarations = style.toLowerCase().replace(/\/\*[^]*?(\*\/|$)/g, '').split(';');
  for (const important of [false, true]) {
    for (const declaration of declarations.filter((text) => text.includes('!') === important)) {
      const [name, ...value] = declaration.split(':');
      result[name.trim()] = value.join(':').replace(/!.*/, '').trim();
    }
  }
  return result;
}

function inHeading(node) {
  for (let up = node.parentNode; up; up = up.parentNode) if (/^h[1-6]$/.test(up.tagName ?? '')) return true;
  return false;
}

function describe(node) {
  const kind = node.namespaceURI.split('/').pop();
  const name = node.tagName;
  const style = styles(node);
  const has = (attr) => node.attrs.some(({ name }) => name === attr);
  const never =
    style.display === 'none' ||
    // What Word writes out as a list's marker is the list's own in ADF; a numbered heading's number is its text.
    (style['mso-list'] === 'ignore' && !inHeading(node)) ||
    (kind === 'svg' && NEVER_IN_SVG.has(name)) ||
    (kind === 'MathML' && name.startsWith('annotation')) ||
    (kind === 'xhtml' &&
      (NEVER.has(name) ||
        (has('hidden') && !style.display &&
          node.attrs.find(({ name }) => name === 'hidden').value.toLowerCase() !== 'until-found') ||
        (has('popover') && !style.display) ||
        (name === 'dialog' && !has('open'))));
  let line;
  if (kind === 'svg') line = name === 'text' || name === 'foreignObject';
  else if (kind === 'MathML') line = ['mtable', 'mtr', 'mtd'].includes(name);
  else line = LINES.has(name);
  if (/^(block|flow|flow-root|flex|grid|table|table-row|table-cell|list-item)(?=\s|$)/.test(style.display ?? '')) line ||= kind === 'xhtml';
  if (/^inline/.test(style.display ?? '') && INLINE_BY_STYLE.has(name)) line = false;
  // Taken out of the line, it stands apart.
  if (/^(left|right|inline-)/.test(style.float ?? '') || /^(absolute|fixed)/.test(style.position ?? '')) line ||= kind === 'xhtml';
  const shown = { visible: true, hidden: false, collapse: false }[style.visibility];
  return { never, line, shown, isBreak: kind === 'xhtml' && name === 'br' };
}

function words(html) {
  let text = '';
  // A byte order mark is no part of the text.
  html = meant(html.replace(/^\ufeff/, ''));
  const stack = [{ node: parse(html, { scriptingEnabled: true }), visible: true }];
  while (stack.length > 0) {
    const { node, visible, after } = stack.pop();
    if (after) {
      text += '\n';
    } else if (node.nodeName === '#text') {
      if (visible) text += node.value;
    } else if (node.tagName) {
      const { never, line, shown, isBreak } = describe(node);
      if (never) continue;
      if (line || (isBreak && (shown ?? visible))) text += '\n';
      if (line) stack.push({ after: true });
      for (const child of node.childNodes.toReversed()) stack.push({ node: child, visible: shown ?? visible });
    } else if (node.childNodes) {
      for (const child of node.childNodes.toReversed()) stack.push({ node: child, visible });
    }
  }
  // Control characters are not shown.
  return text.replace(/[\u0000-\u0008\u000b\u000e-\u001f\u007f\ufffe\uffff]/g, '').split(/[\p{White_Space}]+/u).filter(Boolean);
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(words(JSON.parse(line))) + '\n');
}
