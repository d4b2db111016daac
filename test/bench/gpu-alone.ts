import { asTrainer } from './as-trainer.ts';
import { benchGpu } from './gpu.ts';

/** What `gpu.sh` runs out of the archive: the part of the benchmarks that needs a GPU, and none of the packages of others. */
await asTrainer(benchGpu);
