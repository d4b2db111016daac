import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import globals from 'globals';
import typescript from 'typescript-eslint';
import { boundaries } from './main/setup/boundaries.mjs';

/** What carries messages between the halves: the renderer reaches it through renderer/host alone. */
const bridge = [
  'WebSocket',
  'EventSource',
  'MessageChannel',
  'MessagePort',
  'BroadcastChannel',
  'postMessage',
];
const untouched = 'Only renderer/host touches the bridge.';

export default typescript.config(
  { ignores: ['dist/', 'release/', 'coverage/', 'node_modules/', '.cache/', 'test/goldens/'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  ...vue.configs['flat/recommended'],
  {
    plugins: { matryoshka: { rules: { boundaries } } },
    rules: {
      'matryoshka/boundaries': 'error',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['*.ts'],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
    rules: { 'vue/multi-word-component-names': 'off', 'no-undef': 'off' },
  },
  {
    files: ['renderer/**'],
    ignores: ['renderer/host/**'],
    rules: {
      'no-restricted-globals': ['error', ...bridge.map((name) => ({ name, message: untouched }))],
      'no-restricted-properties': [
        'error',
        ...['window', 'globalThis', 'self'].flatMap((object) =>
          bridge.map((property) => ({ object, property, message: untouched })),
        ),
      ],
    },
  },
  {
    files: ['main/setup/**', 'main/cli/**', 'test/**', '*.{js,ts}'],
    languageOptions: { globals: globals.node },
    rules: { 'no-console': 'off' },
  },
  prettier,
);
