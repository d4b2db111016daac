// Resolves `electron` to the stand-in whose file STAND_IN_MODULE names.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const url = JSON.stringify(pathToFileURL(process.env.STAND_IN_MODULE ?? '').href);
const hooks = `export const resolve = (specifier, context, next) =>
  specifier === 'electron' ? { url: ${url}, shortCircuit: true } : next(specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
