import { builtinModules } from 'node:module';
import { dirname, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/**
 * Who may import what: the folder's own files, the folders and files in `folders`, and packages. `packages` lists the
 * only ones allowed; where it is missing, all are but those in `never`. `node` says whether Node's own modules are.
 * The first row that fits a file decides. The tsconfig files of the folders say the same to the compiler.
 */
const table = [
  { of: 'shared', folders: [], packages: ['zod', 'birpc', 'devalue'], node: false },
  ...['main/engines', 'main/data', 'main/formats'].map((of) => ({
    of,
    folders: ['shared'],
    never: ['electron', 'vue'],
    node: true,
  })),
  {
    of: 'main/trainer',
    folders: ['shared', 'main/engines', 'main/data', 'main/formats'],
    never: ['electron', 'vue'],
    node: true,
  },
  {
    of: 'main/service',
    folders: ['shared', 'main/data', 'main/formats', 'main/trainer/contract.ts'],
    never: ['electron', 'vue'],
    node: true,
  },
  { of: 'main/electron', folders: ['shared', 'main/service'], never: ['vue'], node: true },
  { of: 'main/web', folders: ['shared', 'main/service'], never: ['electron', 'vue'], node: true },
  { of: 'main/cli', folders: ['shared', 'main/service'], never: ['electron', 'vue'], node: true },
  { of: 'main/setup', folders: [], packages: [], node: true },
  { of: 'renderer/host', folders: ['shared', 'renderer'], never: ['electron'], node: false },
  { of: 'renderer', folders: ['shared'], never: ['electron', 'birpc', 'ws'], node: false },
];

/** True when the path is the folder or lies in it. */
const within = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/** The package that a specifier names: `@scope/name` or `name`, without the path inside it. */
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Says why `file` may not import `specifier`, or nothing where it may. Paths are relative to the root. */
function refusal(file, specifier) {
  const row = table.find(({ of }) => within(file, of));
  if (!row) return undefined;
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(file), specifier.replace(/\?.*$/, '')));
    const allowed = [row.of, ...row.folders].some((folder) => within(target, folder));
    const asset = row.of.startsWith('renderer') && within(target, 'assets');
    return allowed || asset ? undefined : `${row.of} must not import ${target}`;
  }
  if (specifier.startsWith('node:') || builtinModules.includes(packageOf(specifier)))
    return row.node ? undefined : `${row.of} must not import Node's ${specifier}`;
  const name = packageOf(specifier);
  const allowed = row.packages ? row.packages.includes(name) : !row.never.includes(name);
  return allowed ? undefined : `${row.of} must not import the package ${name}`;
}

/** The ESLint rule that holds the import table: every kind of import, type imports included. */
export const boundaries = {
  meta: { type: 'problem', schema: [], messages: { refused: '{{why}}' } },
  create(context) {
    const file = relative(root, context.filename);
    const check = (source) => {
      if (typeof source?.value !== 'string') return;
      const why = refusal(file, source.value);
      if (why) context.report({ node: source, messageId: 'refused', data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
      TSExternalModuleReference: (node) => check(node.expression),
      'CallExpression[callee.name="require"]': (node) => check(node.arguments[0]),
    };
  },
};
