import { builtinModules } from 'node:module';
import { dirname, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/**
 * Who may import what: the folder's own files, and the folders and files in `folders`, without those in `except`; of
 * packages, those in `only`, or all but those in `never`; and Node's own modules where `node` says so.
 * @typedef {object} Row
 * @property {string} of
 * @property {readonly string[]} folders
 * @property {readonly string[]} [except]
 * @property {readonly string[]} [only]
 * @property {readonly string[]} [never]
 * @property {boolean} node
 */

const hosts = ['main/electron', 'main/web', 'main/cli'];
const contract = 'main/trainer/contract.ts';

/** How the renderer reaches the service: through renderer/host alone, which its main.ts starts. */
const bridge = ['renderer/host', 'shared/api/rpc.ts', 'shared/api/codec.ts'];

/**
 * The import table: the first row that fits a file decides. The tsconfig files say the same to the compiler.
 * @type {readonly Row[]}
 */
const table = [
  { of: 'shared', folders: [], only: ['zod', 'birpc', 'devalue'], node: false },
  main('main/engines', ['shared']),
  main('main/data', ['shared']),
  {
    // It runs in a browser, by itself.
    of: 'main/formats/html/page',
    folders: ['shared', 'main/formats/html/page-data.ts'],
    only: [],
    node: false,
  },
  main('main/formats', ['shared', 'main/engines']),
  main('main/trainer', ['shared', 'main/engines', 'main/data', 'main/formats']),
  main('main/service', ['shared', 'assets', 'main/data', 'main/formats', contract]),
  { of: 'assets', folders: ['shared'], only: [], node: false },
  ...hosts.map((of) => main(of, ['shared', 'main/service'])),
  // Only after it has installed it.
  { of: 'main/setup', folders: [], only: ['rolldown'], node: true },
  ...['renderer/host', 'renderer/main.ts'].map((of) => view(of, ['renderer'], [])),
  view('renderer', [], bridge),
];

/** What main/ may not import wherever it is: Electron but in its host, Vue never. @param {string} of @param {string[]} folders */
function main(of, folders) {
  return { of, folders, never: of === 'main/electron' ? ['vue'] : ['electron', 'vue'], node: true };
}

/** A row of the renderer. @param {string} of @param {string[]} folders @param {string[]} except */
function view(of, folders, except) {
  const never = except.length > 0 ? ['electron', 'birpc'] : ['electron'];
  return { of, folders: ['shared', 'assets', ...folders], except, never, node: false };
}

/** True when the path is the folder or lies in it. @param {string} path @param {string} folder */
const within = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/** The package that a specifier names: `@scope/name` or `name`, without the path inside it. @param {string} specifier */
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * Says why `file` may not import `specifier`, or nothing where it may.
 * @param {string} file relative to the root
 * @param {string} specifier
 */
function refusal(file, specifier) {
  const row = table.find(({ of }) => within(file, of));
  if (!row) return undefined;
  if (specifier.startsWith('.')) {
    const target = relative(
      root,
      resolve(root, dirname(file), specifier.replace(/\?.*$/, '')),
    ).replaceAll('\\', '/');
    const inside = (/** @type {string} */ folder) => within(target, folder);
    const allowed = [row.of, ...row.folders].some(inside) && !row.except?.some(inside);
    return allowed ? undefined : `${row.of} must not import ${target}`;
  }
  if (specifier.startsWith('node:') || builtinModules.includes(packageOf(specifier)))
    return row.node ? undefined : `${row.of} must not import Node's ${specifier}`;
  const name = packageOf(specifier);
  const allowed = row.only ? row.only.includes(name) : !row.never?.includes(name);
  return allowed ? undefined : `${row.of} must not import the package ${name}`;
}

/**
 * The ESLint rule that holds the import table for every kind of import, type imports included.
 * @type {import('eslint').Rule.RuleModule}
 */
export const boundaries = {
  meta: { type: 'problem', schema: [], messages: { refused: '{{why}}' } },
  create(context) {
    const file = relative(root, context.filename).replaceAll('\\', '/');
    const check = (/** @type {any} */ source) => {
      if (typeof source?.value !== 'string') return;
      const why = refusal(file, source.value);
      if (why) context.report({ node: source, messageId: 'refused', data: { why } });
    };
    const checkSource = (/** @type {any} */ node) => check(node.source);
    return {
      ImportDeclaration: checkSource,
      ExportNamedDeclaration: checkSource,
      ExportAllDeclaration: checkSource,
      ImportExpression: checkSource,
      TSImportType: checkSource,
      TSExternalModuleReference: (/** @type {any} */ node) => check(node.expression),
      'CallExpression[callee.name="require"]': (/** @type {any} */ node) =>
        check(node.arguments[0]),
    };
  },
};
