import { conformanceOnLibrary } from './libtensorflow.ts';

await conformanceOnLibrary('tfjs-node');
