// Atlassian's own ADF validator, line by line: JSON documents in, `ok` or the reason of refusal out.
// Argument: the node_modules folder that tests/tools/package.json was installed into.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';

// The validator logs feature gates that no client has initialised; standard output carries verdicts only.
for (const level of ['log', 'info', 'warn', 'error', 'debug']) console[level] = () => {};

const require = createRequire(join(resolve(process.argv[2]), 'adf-validator.js'));
const { validator } = require('@atlaskit/adf-utils/validator');
// Strict, and without an error callback: with one, every document passes.
const validate = validator(undefined, undefined, { mode: 'strict' });

for await (const line of createInterface({ input: process.stdin })) {
  let verdict = 'ok';
  try {
    validate(JSON.parse(line));
  } catch (error) {
    verdict = String(error).replaceAll('\n', ' ');
  }
  process.stdout.write(verdict + '\n');
}
