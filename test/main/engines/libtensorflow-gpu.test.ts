import { conformanceWherePresent } from './where-present.ts';

await conformanceWherePresent({ engine: 'tensorflow', provider: 'tfjs-node-gpu' });
