export default {
  machine: 'On this machine',
  rate: '{rate} samples/s',
  works: 'Works',
  fails: 'Does not work',
  missing: 'Not installed',
  measure: 'Measure the speed of each',
  measureHint: 'Trains the autoencoder for a moment on each that works, in batches of 128',
  measureBusy: 'A run is training; measured beside it, each would seem slower',
  trying: 'Trying {engine} · {done} of {total} done',
  stop: 'Stop measuring',
  use: {
    cpu: 'Processor',
    cpuText:
      '{busy} of {count} processors | {busy} of {count} processor | {busy} of {count} processors',
    memory: 'Memory',
    part: '{used} of {total}',
    gpu: 'GPU',
    gpuMemory: 'GPU memory',
    notTold: 'its driver does not tell',
  },
};
