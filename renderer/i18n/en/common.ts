export default {
  close: 'Close',
  cancel: 'Cancel',
  retry: 'Try again',
  layers: '{count} layers | {count} layer | {count} layers',
  models: '{count} models | {count} model | {count} models',
  parameters: '{count} parameters | {count} parameter | {count} parameters',
  paths: '{count} paths | {count} path | {count} paths',
  calls: '{count} calls | {count} call | {count} calls',
};
