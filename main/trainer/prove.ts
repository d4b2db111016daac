import type { Proof, ProofClaim, ProofDetail } from '../../shared/api/contract.ts';
import { layerOf, SpecError, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar, type NamedTensors, type TensorData } from '../../shared/program/tensor.ts';
import type { Engine, Variables } from '../engines/engine.ts';
import { select } from '../engines/select.ts';
import { randomFeeds } from './feeds.ts';
import {
  callAddsNoParameters,
  claim,
  sharedVariables,
  trainingReachesSubmodels,
  type Observation,
} from './proof/claims.ts';
import { fingerprint, largestDifference, sameBits } from './proof/compare.ts';
import { expressionOf } from './proof/expression.ts';
import { createParts, type Parts } from './proof/parts.ts';
import { takeSample } from './proof/sample.ts';
import { submodelsOf, type Submodel } from './proof/submodels.ts';

/** Steps that a proof takes at most until a variable moves: a warm-up begins at 0, accumulated gradients wait. */
const MOST_STEPS = 100;

/**
 * Answers "can a model be treated as a layer and be called?" for a composed model by trying it: builds it with fresh
 * weights, runs its parts alone and together, and trains it for a step. Throws a SpecError for a model that can't be.
 */
export async function prove(spec: ModelSpec, settings: TrainingSettings): Promise<Proof> {
  const outer = settings.model;
  if (!layerOf(spec, outer).graph) throw new SpecError(outer, 'expected a model; got a layer');
  const compiled = compileModel(spec, outer, { ...settings, class_weight: null });
  const { feeds, inputs, source } = await takeSample(spec, settings, compiled);
  const submodels = submodelsOf(spec, outer);
  const { engine, choice } = await select(settings.engine);
  const variables = await engine.variables(initialValues(compiled, settings.seed));
  const parts = createParts(spec, engine, variables);

  const given = new Map<LayerId, readonly TensorData[]>();
  const composition = await proveComposition(spec, outer, inputs, parts, given, source);
  const observe = () => observation(submodels, given, engine, variables, parts);

  const before = await observe();
  const step = await engine.compile(compiled.train);
  let after = before;
  let steps = 0;
  while (steps < MOST_STEPS && !hasMoved(before.outer, after.outer)) {
    const batch = inputs[0]!.shape[0]!;
    await step.run(variables, {
      ...feeds,
      ...randomFeeds(compiled.train, batch, settings.seed, steps),
      [LEARNING_RATE]: scalar(compiled.learningRate(steps)),
    });
    steps += 1;
    after = await observe();
  }
  await engine.dispose();

  const evidence = { spec, outer, submodels, variables: compiled.variables, before, after, steps };
  const claims = [
    sharedVariables(evidence),
    composition,
    callAddsNoParameters(evidence),
    trainingReachesSubmodels(evidence),
  ];
  return {
    model: layerOf(spec, outer).config.name,
    holds: claims.every(({ holds }) => holds),
    engine: choice,
    claims,
  };
}

/**
 * Runs every model that calls models part by part, and as a whole, and compares the bits. Notes in `given` what each
 * model inside is called with first.
 */
async function proveComposition(
  spec: ModelSpec,
  outer: LayerId,
  inputs: readonly TensorData[],
  parts: Parts,
  given: Map<LayerId, readonly TensorData[]>,
  source: string,
): Promise<ProofClaim> {
  const details: ProofDetail[] = [];
  async function compare(model: LayerId, inputs: readonly TensorData[]) {
    const { outputs, calls } = await parts.chain(model, inputs);
    const whole = await parts.run(model, inputs);
    const { name } = layerOf(spec, model).config;
    details.push({
      subject: expressionOf(spec, model),
      expected: `${name} as one program: ${fingerprint(whole)}`,
      received: `${fingerprint(outputs)}, largest difference ${largestDifference(outputs, whole)}`,
      holds: sameBits(outputs, whole),
    });
    for (const call of calls) {
      if (!layerOf(spec, call.layer).graph || given.has(call.layer)) continue;
      given.set(call.layer, call.inputs);
      if (callsModels(spec, call.layer)) await compare(call.layer, call.inputs);
    }
  }
  await compare(outer, inputs);
  const proven = `calling the parts of ${layerOf(spec, outer).config.name} one after the other gives what the whole gives, bit for bit, for ${source}`;
  return claim('composition', details, { proven });
}

function callsModels(spec: ModelSpec, model: LayerId): boolean {
  return layerOf(spec, model).graph!.calls.some(({ layer }) => layerOf(spec, layer).graph);
}

/** The variables and what the submodels compute, now. */
async function observation(
  submodels: readonly Submodel[],
  given: ReadonlyMap<LayerId, readonly TensorData[]>,
  engine: Engine,
  variables: Variables,
  parts: Parts,
): Promise<Observation> {
  const alone = new Map<LayerId, NamedTensors>();
  const computed = new Map<LayerId, readonly TensorData[]>();
  for (const { layer, keys, reader } of submodels) {
    const program = keys.length > 0 ? await engine.compile(reader) : null;
    alone.set(layer, program ? await program.run(variables, {}) : {});
    await program?.dispose();
    computed.set(layer, await parts.run(layer, given.get(layer)!));
  }
  return { outer: await variables.read(), alone, computed };
}

/** Whether any variable but the optimizer's own has other bits. */
function hasMoved(before: NamedTensors, after: NamedTensors): boolean {
  return Object.keys(before).some(
    (key) => !key.startsWith('optimizer/') && !sameBits([before[key]!], [after[key]!]),
  );
}
