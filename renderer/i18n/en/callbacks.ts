export default {
  /** What callbacks did. */
  act: {
    stop: '{callback}: {monitor} no longer improves; epoch {epoch} was the best',
    learning_rate: '{callback}: learning rate {rate}',
    restore_weights: '{callback}: the weights of epoch {epoch} are back',
    save: '{callback}: saved {file}',
    terminate: '{callback}: the first values that are no numbers are at {path}',
    warn: '{callback}: {message}',
  },
};
