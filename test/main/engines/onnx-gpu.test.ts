import { listCandidates } from '../../../main/engines/candidates.ts';
import { conformanceWherePresent } from './where-present.ts';

for (const candidate of listCandidates())
  if (candidate.engine === 'onnx' && candidate.provider !== 'cpu')
    await conformanceWherePresent(candidate);
