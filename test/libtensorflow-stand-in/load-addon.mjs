// Lets Node load an addon that is a script: the stand-in. All others it opens as it always does.
import { readFileSync } from 'node:fs';
import Module from 'node:module';

const open = Module._extensions['.node'];
Module._extensions['.node'] = (module, filename) => {
  const text = readFileSync(filename, 'latin1');
  if (text.includes('2.9.1 (stand-in)')) module._compile(readFileSync(filename, 'utf8'), filename);
  else open(module, filename);
};
